# What an operator would write: an identity pool that says nothing, and one that says all it can.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }
variable "region" { type = string }
variable "access_key" { type = string }
variable "secret_key" { type = string }
variable "password" { type = string }

# The one number that changes.
variable "minutes" { type = number }

locals {
  account   = "000000000000"
  user_pool = "cognito-idp.${var.region}.amazonaws.com/${var.region}_abcdefghi"
}

provider "aws" {
  region                      = var.region
  access_key                  = var.access_key
  secret_key                  = var.secret_key
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true

  endpoints {
    cognitoidentity = var.endpoint
  }
}

resource "aws_cognito_identity_pool" "plain" {
  identity_pool_name = "plain"
}

resource "aws_cognito_identity_pool" "full" {
  identity_pool_name               = "full"
  allow_unauthenticated_identities = true
  allow_classic_flow               = false
  developer_provider_name          = "login.mycompany.myapp"
  openid_connect_provider_arns     = ["arn:aws:iam::${local.account}:oidc-provider/login.example.com"]
  saml_provider_arns               = ["arn:aws:iam::${local.account}:saml-provider/corporate"]
  tags                             = { team = "apps", minutes = tostring(var.minutes) }

  supported_login_providers = {
    "graph.facebook.com"  = "7346241598935552"
    "accounts.google.com" = "${var.minutes}.apps"
  }

  cognito_identity_providers {
    provider_name           = local.user_pool
    client_id               = "client1"
    server_side_token_check = true
  }

  cognito_identity_providers {
    provider_name           = local.user_pool
    client_id               = "client2"
    server_side_token_check = false
  }
}

resource "aws_cognito_identity_pool_roles_attachment" "full" {
  identity_pool_id = aws_cognito_identity_pool.full.id

  roles = {
    authenticated   = "arn:aws:iam::${local.account}:role/members"
    unauthenticated = "arn:aws:iam::${local.account}:role/guests"
  }

  role_mapping {
    identity_provider         = "graph.facebook.com"
    ambiguous_role_resolution = "AuthenticatedRole"
    type                      = "Rules"

    mapping_rule {
      claim      = "isAdmin"
      match_type = "Equals"
      role_arn   = "arn:aws:iam::${local.account}:role/admins"
      value      = "paid for ${var.minutes}"
    }
  }

  role_mapping {
    identity_provider         = "${local.user_pool}:client1"
    ambiguous_role_resolution = "Deny"
    type                      = "Token"
  }
}

resource "aws_cognito_identity_pool_provider_principal_tag" "own" {
  identity_pool_id       = aws_cognito_identity_pool.full.id
  identity_provider_name = "${local.user_pool}:client1"
  use_defaults           = false
  principal_tags         = { team = "custom:team", minutes = "custom:minutes${var.minutes}" }
}

resource "aws_cognito_identity_pool_provider_principal_tag" "usual" {
  identity_pool_id       = aws_cognito_identity_pool.full.id
  identity_provider_name = "graph.facebook.com"
  use_defaults           = true
}

output "plain" { value = aws_cognito_identity_pool.plain.id }
output "full" { value = aws_cognito_identity_pool.full.id }
output "arn" { value = aws_cognito_identity_pool.full.arn }
