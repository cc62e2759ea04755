"""What we ship as plugins, under the names that operators know. Each is imported only where it is used."""

from __future__ import annotations

from importlib.metadata import EntryPoint

GROUP = "poolhouse"

SENDERS = tuple(
    EntryPoint(name, f"poolhouse.plugins.{place}", GROUP)
    for name, place in {
        "smtp": "smtp:SmtpPlugin",
        "twilio": "twilio_sms:TwilioPlugin",
        "webhook": "webhook:WebhookPlugin",
        "console": "console:ConsolePlugin",
        "file": "file:FilePlugin",
    }.items()
)
"""Senders need settings: ``PluginManager.load`` gets those that have some."""

LAMBDA_BRIDGE = EntryPoint("lambda_bridge", "poolhouse.plugins.lambda_bridge.bridge:LambdaBridge", GROUP)
"""Is there always: a pool whose functions are not called any more must not do without them in silence."""

TOKEN_SERVICES = (
    EntryPoint("aws_sts", "poolhouse.plugins.sts.aws:AwsStsPlugin", GROUP),
    EntryPoint("s3_sts", "poolhouse.plugins.sts.stores:S3StsPlugin", GROUP),
)
"""Who makes credentials of others. They need settings, as senders do."""

FACTORS = (EntryPoint("totp", "poolhouse.plugins.totp:TotpPlugin", GROUP),)
"""Factors need none: a pool says which of them it offers. An operator can block them by name."""
