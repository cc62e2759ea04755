"""What errors say: every reason with its one English sentence. A client may match the text, so it does not change.

A translation is looked up by ``Reason.id`` and filled with the facts of the ``Statement``.
"""

from __future__ import annotations

from enum import Enum, unique


@unique
class Reason(Enum):
    """The value is the sentence; what stands in braces are its facts."""

    # of a class: what it says where nothing else is said
    NOT_COMPLETED = "The request could not be completed."
    INVALID_PARAMETER = "A parameter is not valid."
    PASSWORD_HISTORY_VIOLATION = "Password has previously been used."
    UNSUPPORTED_TOKEN_TYPE = "Unsupported token type."
    INVALID_OAUTH_FLOW = "The OAuth flows of the client do not fit together."
    GROUP_NOT_FOUND = "Group not found."
    KEY_NOT_FOUND = "The access key does not exist."
    USER_NOT_FOUND = "User does not exist."
    USERNAME_TAKEN = "User already exists"
    GROUP_TAKEN = "A group with the name already exists."
    KEY_TAKEN = "The key is taken."
    NOT_AUTHORIZED = "Not authorized."
    WRONG_CREDENTIALS = "Incorrect username or password."
    ATTEMPTS_EXCEEDED = "Password attempts exceeded"
    USER_DISABLED = "User is disabled."
    INVALID_SESSION = "Invalid session for the user."
    INVALID_ACCESS_TOKEN = "Invalid Access Token"
    INVALID_REFRESH_TOKEN = "Invalid Refresh Token"
    UNAUTHORIZED = "Client authentication failed."
    USER_NOT_CONFIRMED = "User is not confirmed."
    PASSWORD_RESET_REQUIRED = "Password reset required for the user"
    REFRESH_TOKEN_REUSED = "Refresh token has been used already."
    CODE_MISMATCH = "Invalid verification code provided, please try again."
    CODE_EXPIRED = "Invalid code provided, please request a code again."
    LIMIT_EXCEEDED = "Attempt limit exceeded, please try after some time."
    TOO_MANY_FAILED_ATTEMPTS = "Too many failed attempts."
    TOO_MANY_REQUESTS = "Too many requests."
    UNSUPPORTED_OPERATION = "The operation is not supported here."
    UNSUPPORTED_USER_STATE = "The user is not in a state that allows this."
    VERSION_CONFLICT = "The document was changed by somebody else."
    CONCURRENT_MODIFICATION = "The resource was changed at the same moment; try again."
    DELIVERY_FAILED = "The message could not be delivered."
    MISSING_PARAMETER = "Missing required parameter {name}"
    SCOPE_NOT_FOUND = "Scope {scope} does not exist."
    POOL_NOT_FOUND = "User pool {pool_id} does not exist."
    CLIENT_NOT_FOUND = "User pool client {client_id} does not exist."
    ALIAS_TAKEN = "An account with the {attribute} already exists."
    PLUGIN_FAILED = "{hook} invocation failed due to error in plugin {plugin}."
    INVOCATION_FAILED = "{hook} invocation failed due to error {why}."
    OUTPUT_UNUSABLE = "Unrecognizable lambda output"
    PLUGIN_ANSWER_INVALID = "Unrecognizable output of {hook} in plugin {plugin}."

    # input, against the model of the API
    INPUT_FAULT = "1 validation error detected: {fault}"
    INPUT_FAULTS = "{count} validation errors detected: {faults:; }"
    VALUE_REFUSED = "Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"
    VALUE_NOT_SHOWN_REFUSED = "Value at '{path}' failed to satisfy constraint: {constraint}"
    NULL_REFUSED = "Value null at '{path}' failed to satisfy constraint: {constraint}"
    MEMBER_NOT_NULL = "Member must not be null"
    MEMBER_LENGTH_AT_MOST = "Member must have length less than or equal to {most}"
    MEMBER_LENGTH_AT_LEAST = "Member must have length greater than or equal to {least}"
    MEMBER_VALUE_AT_MOST = "Member must have value less than or equal to {most}"
    MEMBER_VALUE_AT_LEAST = "Member must have value greater than or equal to {least}"
    MEMBER_OF_ENUM = "Member must satisfy enum value set: [{values}]"
    MEMBER_OF_PATTERN = "Member must satisfy regular expression pattern: {pattern}"
    MEMBERS_SATISFY = "Member must satisfy constraint: [{constraints:, }]"
    MAP_KEYS_SATISFY = "Map keys must satisfy constraint: [{constraints:, }]"
    MAP_VALUES_SATISFY = "Map value must satisfy constraint: [{constraints:, }]"

    # access
    SIGNATURE_FOR_ANOTHER_SERVICE = "The credential should be scoped to the service {service}."
    SIGNATURE_WRONG = "The request signature is not the one computed here. Check the secret key and what is signed."
    SIGNATURE_DATE_NONE = "The date of the signature does not exist."
    SIGNATURE_EXPIRED = "Signature expired: {instant} is more than 5 minutes ago."
    SIGNATURE_EARLY = "Signature not yet current: {instant} is more than 5 minutes ahead."
    SIGNATURE_MISSING = "Missing Authentication Token"
    AUTHORIZATION_TWICE = "More than one Authorization header."
    AUTHORIZATION_ALGORITHM = "The Authorization header does not begin with {algorithm}."
    AUTHORIZATION_PARTS = "The Authorization header is not made of Credential, SignedHeaders and Signature."
    AUTHORIZATION_LACKS = "The Authorization header lacks Credential, SignedHeaders or Signature."
    CREDENTIAL_FORM = "The credential is not of the form key/date/region/service/aws4_request."
    CREDENTIAL_SCOPE = "The credential has no valid date or region."
    SIGNATURE_FORM = "The signature is not 64 lower-case hexadecimal digits."
    SIGNED_HEADERS_FORM = "The names of the signed headers must be in lower case, sorted, and there once."
    SIGNED_HEADERS_LACK = "The headers host, x-amz-target and x-amz-date (or date) must be signed."
    AMZ_DATE_NOT_SIGNED = "The header x-amz-date must be there once, and signed."
    DATE_NOT_SIGNED = "The header x-amz-date or date must be there once, and signed."
    DATE_NO_DATE = "The date header is not a date."
    AMZ_DATE_FORM = "The header x-amz-date is not of the form YYYYMMDD'T'HHMMSS'Z'."
    CREDENTIAL_DATE = "The date of the credential is not the date of the request."
    SIGNED_HEADER_MISSING = "The signed header {header} is not there."
    ACCESS_KEY_NAME_FORM = "The name of an access key has 1 to 64 letters, digits or signs of +=,.@_-"
    ACCESS_KEY_UNKNOWN = "The security token included in the request is invalid."
    ACCESS_KEY_EXPIRED = "The security token included in the request is expired"
    ACCESS_DENIED = "User: {caller} is not authorized to perform: {action} on resource: {resource}"

    # accounts
    NOT_INVITED = "Resend not possible. {username} status is not FORCE_CHANGE_PASSWORD"
    NO_CONTACT_TO_INVITE = "User does not have {attribute}, which the invitation is to be sent to."
    USER_ACCOUNT_EXISTS = "User account already exists"
    SIGN_IN_NAME_NOT_DELETED = "Cannot delete {attribute}: it is what the user signs in with."
    CONTACT_NEEDED_TO_VERIFY = "{attribute} is required to verify {attribute}"
    ATTRIBUTE_NOT_MUTABLE = "Cannot modify the non-mutable attribute {attribute}"
    ONLY_CONTACTS_VERIFIED = "Only email and phone_number can be verified."
    NO_CONTACT_TO_VERIFY = "User does not have {attribute} to verify."
    REQUIRED_ATTRIBUTE_NOT_DELETED = "Cannot delete the required attribute {attribute}"
    NO_CONTACT_TO_RESET = "Cannot reset password for the user as there is no registered/verified email or phone_number"
    ONLY_ADMINISTRATORS_RESET = "Contact administrator to reset password."
    PASSWORD_NOT_RESETTABLE = "User password cannot be reset in the current state."
    DISABLED_USER_NOT_RESET = "User is disabled"
    USER_NOT_CONFIRMABLE = "User cannot be confirmed. Current status is {status}"
    SIGN_UP_NOT_PERMITTED = "SignUp is not permitted for this user pool"
    PREFERRED_USERNAME_NOT_PROVIDED = "Preferred username can not be provided, since it is configured as an alias."
    USER_CONFIRMED_ALREADY = "User is already confirmed."
    NOTHING_TO_RESEND = "Cannot resend codes. Auto verification not turned on."
    DECIDED_CONTACT_MISSING = "User does not have {attribute}, so it cannot be verified."
    ATTRIBUTES_NOT_DELETED = "Invalid user attributes: {problems}"
    ATTRIBUTE_NOT_IN_SCHEMA = "user.{attribute}: Attribute does not exist in the schema."

    # clients
    SECRET_GENERATED_AND_GIVEN = "A client secret is either generated or given, not both."
    SECRET_NOT_FOUND = "The client secret does not exist."
    LAST_SECRET_NOT_DELETED = "The last secret of a client cannot be deleted."
    RESOURCE_SERVER_TAKEN = "{identifier} already exists in user pool {pool_id}."
    RESOURCE_SERVER_NOT_FOUND = "Resource server {identifier} does not exist."
    TOO_MANY_RESOURCE_SERVERS = "A user pool can have at most {most} resource servers."
    TOO_MANY_RESOURCE_SCOPES = "A resource server can have at most {most} scopes."
    RESOURCE_SCOPE_TWICE = "The scope {scope} is given twice."
    URI_NOT_ABSOLUTE = "{uri} is not an absolute URI."
    URI_WITH_FRAGMENT = "{uri} cannot contain a fragment."
    URI_PROTOCOL_FORBIDDEN = "{uri} cannot use the {protocol} protocol."
    URI_WITHOUT_ONE_HOST = "{uri} does not name one host."
    URI_NOT_VALID = "{uri} is not a valid URI."
    CLIENT_WITHOUT_SECRET = "A client that was made without a secret cannot be given one."
    TOO_MANY_SECRETS = "A client can have at most {most} secrets."
    SECRET_HELD_ALREADY = "The client has this secret already."
    SECRET_HASH_MISSING = "Client {client_id} is configured with secret but SECRET_HASH was not received"
    SECRET_HASH_WRONG = "Unable to verify secret hash for client {client_id}"
    SECRET_MISSING = "Client {client_id} is configured with secret but no secret was received"
    SECRET_WRONG = "Unable to verify secret for client {client_id}"
    CONTEXT_NEEDS_SECRET = "Only a client with a secret can propagate user context data."
    AUTH_FLOW_UNKNOWN = "Unknown authentication flow {flow}."
    AUTH_FLOWS_MIXED = "Authentication flows cannot mix values with and without the prefix ALLOW_."
    GRACE_TOO_LONG = "The grace period of a replaced refresh token is at most {most} seconds."
    REFRESH_FLOW_WITH_ROTATION = "ALLOW_REFRESH_TOKEN_AUTH cannot be enabled where refresh tokens rotate."
    READ_ATTRIBUTES_INVALID = "Invalid read attributes specified while creating a client"
    WRITE_ATTRIBUTES_INVALID = "Invalid write attributes specified while creating a client"
    DEFAULT_REDIRECT_NOT_LISTED = "The default redirect URI must be one of the callback URLs."
    OAUTH_FLOW_UNKNOWN = "Unknown OAuth flow {flow}."
    TOO_MANY_SCOPES = "A client can have at most {most} scopes."
    OAUTH_SETTINGS_MISSING = (
        "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."
    )
    PROVIDER_NOT_FOUND = "The provider {provider} does not exist for User Pool {pool_id}."
    TOO_MANY_URLS = "A client can have at most {most} callback URLs and {most} logout URLs."
    CLIENT_CREDENTIALS_NOT_ALONE = "client_credentials flow can not be selected along with code flow or implicit flow."
    CLIENT_CREDENTIALS_WITHOUT_SECRET = (
        "client_credentials flow can not be selected if client does not have a client secret."
    )
    CLIENT_CREDENTIALS_FOREIGN_SCOPES = "client_credentials flow can be selected with scopes of resource servers only."
    TOKENS_OUTLIVE_REFRESH = "Access and ID tokens cannot be valid for longer than the refresh token."
    SESSION_VALIDITY_OUT_OF_RANGE = "The validity of an authentication session is between {least} and {most} minutes."
    TOKEN_VALIDITY_OUT_OF_RANGE = "Invalid range for token validity."

    # directory
    FILTER_INVALID = "Error while parsing filter"
    ATTRIBUTE_NOT_SEARCHABLE = "Invalid search attribute: {attribute}"
    ATTRIBUTE_GIVEN_TWICE = "The attribute {attribute} is given twice."
    ATTRIBUTE_UNNAMED = "A schema attribute needs a Name."
    ATTRIBUTE_EXISTS = "{declared}: Existing attribute already has name {attribute}."
    TOO_MANY_CUSTOM_ATTRIBUTES = "A user pool can have at most {most} custom attributes."
    STANDARD_ATTRIBUTE_FIXED = (
        "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute {attribute}"
    )
    CUSTOM_ATTRIBUTE_REQUIRED = "Required custom attributes are not supported currently."
    ATTRIBUTE_TYPE_UNKNOWN = "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."
    SUB_NOT_MUTABLE = "The standard schema attribute sub cannot be mutable."
    ATTRIBUTE_CONSTRAINTS_INVALID = "Invalid {constraints} for schema attribute {attribute}"
    ATTRIBUTE_LENGTH_TOO_LARGE = "user.{attribute}: String attributes cannot have a length of more than {most}"
    ATTRIBUTE_LENGTHS_CROSSED = "user.{attribute}: Max length cannot be less than min length."
    ATTRIBUTE_VALUES_CROSSED = "user.{attribute}: Max value cannot be less than min value."
    PRECEDENCE_OUT_OF_RANGE = "The precedence of a group is between 0 and 2147483647."
    TOO_MANY_GROUPS = "A user can be in at most {most} groups."
    USERNAME_LIKE_EMAIL = "Username cannot be of email format, since user pool is configured for email alias."
    USERNAME_LIKE_PHONE = (
        "Username cannot be of phone number format, since user pool is configured for phone number alias."
    )
    GIVEN_CONTACT_TAKEN = "An account with the given {attribute} already exists."
    USERNAME_NOT_EMAIL_OR_PHONE = "Username should be either an email or a phone number."
    ATTRIBUTE_NOT_WRITABLE = "A client attempted to write unauthorized attribute"
    PHONE_NUMBER_INVALID = "Invalid phone number format."
    EMAIL_INVALID = "Invalid email address format."
    ATTRIBUTE_UNKNOWN = (
        "Attributes did not conform to the schema: Type for attribute {{{attribute}}} could not be determined"
    )
    PREFERRED_USERNAME_LIKE_ALIAS = "Preferred username cannot be of the form of an alias: {alias}."
    FLAG_WITHOUT_CONTACT = "{flag} can be true only where {attribute} is given."
    PASSWORD_WITHOUT_VERIFIER = "SRP is possible once the user has signed in with the password itself."
    USERNAME_NOT_SEEN = "A username has a character that can be seen."
    PREFERRED_USERNAME_NOT_CHOOSABLE = (
        "A preferred username has 1 to 128 characters, no spaces and no controls, and can be seen."
    )
    USERNAME_NOT_EMAIL = "Username should be an email."
    ANOTHER_CONTACT_THAN_USERNAME = (
        "User {attribute} should be empty or same as username, since username attribute is {attribute}"
    )
    USERNAME_NOT_PHONE = "Username should be a phone number."
    ATTRIBUTES_DO_NOT_CONFORM = "Attributes did not conform to the schema: {problems}"
    ATTRIBUTE_NOT_UPDATED = "{attribute}: Attribute cannot be updated."
    ATTRIBUTE_REQUIRED = "{attribute}: The attribute {attribute} is required"
    ATTRIBUTE_TOO_LONG = "{attribute}: String must be no longer than {most} characters"
    ATTRIBUTE_TOO_SHORT = "{attribute}: String must be no shorter than {least} characters"
    ATTRIBUTE_TOO_GREAT = "{attribute}: Number must be no greater than {most}"
    ATTRIBUTE_TOO_SMALL = "{attribute}: Number must be no less than {least}"
    BIRTHDATE_INVALID = "{attribute}: Invalid birthdate format, please use YYYY-MM-DD."
    ATTRIBUTE_NOT_SHOWABLE = "{attribute}: The value has characters that cannot be seen."
    ATTRIBUTE_NOT_A_NUMBER = "{attribute}: The value is not a number."
    ATTRIBUTE_NOT_AN_INSTANT = "{attribute}: The value is not a date and time."
    ATTRIBUTE_NOT_A_BOOLEAN = "{attribute}: The value is not a boolean."
    PASSWORD_TOO_LONG = "Password did not conform with policy: Password is too long"
    PASSWORD_TOO_SHORT = "Password did not conform with policy: Password not long enough"
    PASSWORD_WITHOUT_UPPERCASE = "Password did not conform with policy: Password must have uppercase characters"
    PASSWORD_WITHOUT_LOWERCASE = "Password did not conform with policy: Password must have lowercase characters"
    PASSWORD_WITHOUT_NUMBERS = "Password did not conform with policy: Password must have numeric characters"
    PASSWORD_WITHOUT_SYMBOLS = "Password did not conform with policy: Password must have symbol characters"

    # factors
    NOT_IN_TIER = "This feature is not available in the tier of the user pool."
    SOFTWARE_TOKEN_NOT_OFFERED = "Software Token MFA has not been enabled by the userPool"
    ENROLMENT_MISMATCH = "Code mismatch and fail enable Software Token MFA"
    FACTOR_CODE_WRONG = "Invalid code received for user"
    MESSAGE_CODE_WRONG = "Invalid code or auth state for the user."
    FACTOR_CODE_USED = "Your software token has already been used once."
    FACTOR_NOT_BEGUN = "No software token is being set up for the user: associate one first."
    FACTOR_LABEL_TOO_LONG = "The friendly device name has at most {most} characters."
    FACTOR_NOT_SET_UP = "User has not set up any of the multi-factor authentication methods that can be set up."
    FACTOR_NOT_HELD = "User does not have delivery config set to turn on {factor}"
    FACTORS_PREFERRED = "Only one factor can be the preferred one."
    LAST_FACTOR_NEEDED = "The user pool requires a second factor, and this is the last one of the user."
    ONE_OF_TOKEN_AND_SESSION = "Exactly one of AccessToken and Session is required."
    FACTOR_NOT_AVAILABLE = "This factor is not available. Choose one of those that can be chosen."
    MFA_WITHOUT_FACTORS = (
        "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration."
    )
    MFA_OFF_WITH_FACTORS = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
    MFA_NEEDS_SMS = (
        "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
    )
    RECOVERY_BY_FACTOR = (
        "Invalid account recovery setting parameter. Account Recovery Setting cannot use {mechanism} as a recovery "
        "mechanism when {factor} MFA is configured."
    )
    # SDKs for browsers look for the word "device", and some for this sentence, to drop a key that is good no more.
    DEVICE_NOT_FOUND = "Device does not exist."
    DEVICE_KEY_TAKEN = "Device Key already exists."
    DEVICES_NOT_TRACKED = "Device tracking is not configured for the user pool."
    DEVICE_VERIFIER_INVALID = "DeviceSecretVerifierConfig holds no salt and verifier."
    PASSKEY_REFUSED = "The passkey was not accepted."
    PASSKEY_NOT_SUPPORTED = "The passkey credential is not supported."
    PASSKEY_ORIGIN_NOT_ALLOWED = "The origin is not allowed for the relying party id of the user pool."
    PASSKEY_RELYING_PARTY_MISMATCH = (
        "The passkey credential is for another relying party id than that of the user pool."
    )
    PASSKEY_CLIENT_MISMATCH = "The access token is of another client than the one that the registration began with."
    PASSKEY_CHALLENGE_NOT_FOUND = "The challenge was not found, or has expired. Start the registration again."
    PASSKEYS_NOT_ENABLED = "Passkeys are not enabled for the user pool."
    PASSKEYS_NOT_CONFIGURED = "The user pool has no relying party id for passkeys."
    PASSKEY_NOT_FOUND = "Credential does not exist."
    TOO_MANY_PASSKEYS = "A user can have at most {most} passkeys."
    PASSKEY_CREDENTIAL_FORM = "CREDENTIAL is not the JSON of an answer of navigator.credentials.get()."
    PASSKEYS_NOT_ALONE = "WEB_AUTHN cannot be the only allowed first auth factor."
    PASSKEYS_SINGLE_FACTOR = (
        "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an allowed first "
        "auth factor"
    )
    RELYING_PARTY_INVALID = "RelyingPartyId is not a domain name."
    PASSKEY_MFA_NOT_OFFERED = (
        "WebAuthn MFA can be turned on where the user pool's factor configuration is "
        "MULTI_FACTOR_WITH_USER_VERIFICATION."
    )
    PASSKEY_MFA_NOT_ALONE = "WebAuthn MFA can be turned on for a user who has another MFA method turned on."
    USER_SETTINGS_SMS_ONLY = "Only the delivery medium SMS with the attribute phone_number can be set."

    # grants
    TEMPORARY_PASSWORD_EXPIRED = "Temporary password has expired and must be reset by an administrator."
    ACCESS_TOKEN_REVOKED = "Access Token has been revoked"
    ROTATION_ENABLED = "Refresh token rotation is enabled for this client."
    REVOCATION_DISABLED = "Token revocation is disabled for this client."
    ACCESS_TOKEN_EXPIRED = "Access Token has expired"
    ACCESS_TOKEN_LACKS_SCOPES = "Access Token does not have required scopes"
    REFRESH_TOKEN_OF_OTHER_CLIENT = "Refresh Token has different Client"
    REFRESH_TOKEN_REVOKED = "Refresh Token has been revoked"
    REFRESH_TOKEN_EXPIRED = "Refresh Token has expired"

    # jobs
    JOB_IS_FINISHED_ALWAYS = "A job of this kind cannot be cancelled: what it began has to be finished."

    # messages
    NO_CONTACT_TO_DELIVER = "User does not have {contact} to deliver the message to."

    # oauth (RFC 6749: printable ASCII without quotation marks and backslashes, and nothing that a caller sent)
    OAUTH_REQUEST_INVALID = "The request is not valid."
    OAUTH_GRANT_REFUSED = "The grant is unknown, expired, used, revoked, or not of this client."
    OAUTH_GRANT_TYPE_NOT_ALLOWED = "The client is not allowed this grant type."
    OAUTH_GRANT_TYPE_UNKNOWN = "The grant type is not served here."
    OAUTH_SCOPE_REFUSED = "The client is not allowed these scopes."
    OAUTH_PARAMETER_MISSING = "The parameter {name} is missing."
    OAUTH_PARAMETER_REPEATED = "A parameter is given more than once."
    OAUTH_PARAMETER_TOO_LONG = "A parameter is too long."
    OAUTH_PARAMETERS_IN_ADDRESS = "Credentials do not belong into the address."
    OAUTH_NOT_A_FORM = "The body has to be a form (application/x-www-form-urlencoded)."
    OAUTH_BODY_TOO_LARGE = "The body is too large."
    OAUTH_TWO_PROOFS = "The client proves itself in more than one way."
    OAUTH_TWO_TOKENS = "The token is sent in more than one way."
    OAUTH_METADATA_INVALID = "aws_client_metadata has to be a JSON object of texts."

    # pools
    ARN_NOT_OF_POOL = "The resource ARN is not that of a user pool."
    SETTING_NOT_OFFERED = "{setting} is not offered by this server yet."
    SETTING_OFFERED_ONLY_AS = "{setting} is not offered by this server yet: only {only} is."
    FUNCTION_NOT_MAPPED = (
        "LambdaConfig.{trigger} names {function}, and this server does not know where that function is: say so under "
        "[triggers] in its settings, or in POOLHOUSE_TRIGGERS."
    )
    PASSWORD_VALIDITY_GIVEN_TWICE = (
        "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"
    )
    SETTINGS_DIFFER = "{setting} and {same} cannot have different values."
    REGION_INVALID = "The region is not valid."
    POOL_PROTECTED = (
        "The user pool cannot be deleted because deletion protection is activated. Deletion protection "
        "must be inactivated first."
    )
    ALIASES_AND_USERNAMES = "Only one of aliasAttributes or usernameAttributes can be set in a user pool."
    PREFERRED_USERNAME_REQUIRED_AND_ALIAS = "preferred_username can be either required or an alias, not both."
    VERIFIED_BEFORE_UPDATE_ONLY = (
        "Attributes that need verification before an update must be verified automatically too."
    )
    RECOVERY_MECHANISMS_COUNT = "An account recovery setting has one or two mechanisms."
    RECOVERY_MECHANISMS_ALIKE = "Account recovery mechanisms must differ in name and in priority."
    RECOVERY_ADMIN_NOT_ALONE = "The account recovery mechanism admin_only must be alone."
    TOO_MANY_TAGS = "A user pool can have at most {most} tags."
    TAG_RESERVED = "Tag keys that begin with aws: are reserved."

    # sign-in
    TIMESTAMP_FORM = "Timestamp format should be EEE MMM d HH:mm:ss z yyyy in english."
    AUTH_METHOD_NOT_SUPPORTED = "Initiate Auth method not supported."
    USERNAME_TOO_LONG = "USERNAME is too long."
    DEVICE_KEY_TOO_LONG = "DEVICE_KEY is too long."
    CUSTOM_AUTH_NOT_CONFIGURED = "Custom auth lambda trigger is not configured for the user pool."
    REQUIRED_ATTRIBUTE_MISSING = "Invalid attributes given, {attribute} is missing"
    ATTRIBUTE_PROVIDED_ALREADY = "Cannot modify an already provided {attribute}"
    SESSION_EXPIRED = "Invalid session for the user, session is expired."
    CHALLENGE_NOT_AVAILABLE = "This challenge is not available. Choose one of the available challenges."
    SRP_A_INVALID = "SRP_A is not a valid public value."
    FLOW_NOT_ENABLED_FOR_CLIENT = "Auth flow not enabled for this client"
    PASSWORD_FLOW_NOT_ENABLED = "{flow} flow not enabled for this client"
    AUTH_FLOW_NOT_ENABLED = "{flow} is not enabled for the client."

    # tokens
    ALGORITHM_NOT_KNOWN = "The pool's keys are for {algorithm}, which this version of Poolhouse does not know."

    # store
    DOCUMENT_NOT_JSON = "A document holds what JSON can say, and nothing else."
    STORE_NAME_INVALID = "{name!r} is no name for a collection or an index."
    INDEX_NOT_DECLARED = "The collection {collection} has no index {index}."
    KEY_EMPTY = "A key has at least one part."
    SURROGATE_NOT_TEXT = "Half a surrogate pair is not text."
    MONGODB_ADDRESS_UNUSABLE = "The MongoDB address cannot be used."
    STORE_ADDRESS_UNKNOWN = "The store's address is memory:, sqlite:PATH, mongodb://... or mongodb+srv://..."
    CURSOR_INVALID = "Invalid pagination token"
    STORE_AWAY = "The service cannot be reached for a moment. Try again."
    SQLITE_FILE_FOREIGN = "The SQLite file {path} belongs to another program."
    SQLITE_FILE_NEWER = "The SQLite file {path} was written by a later version of Poolhouse."
    SQLITE_TOO_OLD = "SQLite {version} is too old; 3.35 or newer is needed."
    SQLITE_FILE_UNUSABLE = "The SQLite file {path} cannot be used: {why}."
    SQLITE_FILE_DAMAGED = (
        "The SQLite file {path} is damaged ({why}). Stop what uses it, put it and what stands beside it away, and "
        "bring a backup back with `poolhouse restore`."
    )
    SQLITE_FILE_EMPTY = "The SQLite file {path} is empty: no store was ever made there."
    SQLITE_FILE_SYSTEM = "The SQLite file is on a file system that cannot share memory between processes."

    # transfer
    IMPORT_FORM = "The file has to hold one user a line, each as JSON in UTF-8, and it is {form}."
    IMPORT_UNDER_WAY = "Another import into this pool is under way."
    IMPORT_CANCELLED = "The import was cancelled. What it had imported by then stays."
    IMPORT_TAKEN_OVER = "The import rested for too long, and another one into this pool goes on in its place."

    @property
    def id(self) -> str:
        """The name of the reason in translations; it does not change."""
        return self.name.lower()
