"""The gateway's faces: nginx's ``auth_request``, Envoy's ``ext_authz``, a plain check, and passing on by ourselves."""
