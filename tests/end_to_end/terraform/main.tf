# What an operator would write: one pool that says nothing, and one that says all it can.

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

provider "aws" {
  region                      = var.region
  access_key                  = var.access_key
  secret_key                  = var.secret_key
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true

  endpoints {
    cognitoidp = var.endpoint
  }
}

resource "aws_cognito_user_pool" "plain" {
  name = "plain"
}

resource "aws_cognito_user_pool_client" "plain" {
  name                  = "plain"
  user_pool_id          = aws_cognito_user_pool.plain.id
  access_token_validity = var.minutes
  explicit_auth_flows = [
    "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
  ]

  token_validity_units {
    access_token = "minutes"
  }
}

resource "aws_cognito_user_pool_domain" "plain" {
  domain                = "plain-people"
  user_pool_id          = aws_cognito_user_pool.plain.id
  managed_login_version = var.minutes == 30 ? 2 : 1
}

resource "aws_cognito_user_pool_domain" "full" {
  domain          = "login.example.org"
  user_pool_id    = aws_cognito_user_pool.full.id
  certificate_arn = "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000"
}

resource "aws_cognito_user_group" "staff" {
  name         = "staff"
  user_pool_id = aws_cognito_user_pool.plain.id
  precedence   = 1
}

resource "aws_cognito_user" "jane" {
  username     = "jane"
  user_pool_id = aws_cognito_user_pool.plain.id
  password     = var.password
  attributes   = { name = "Jane", email = "jane@example.com", email_verified = "true" }
}

resource "aws_cognito_user_in_group" "jane" {
  user_pool_id = aws_cognito_user_pool.plain.id
  group_name   = aws_cognito_user_group.staff.name
  username     = aws_cognito_user.jane.username
}

resource "aws_cognito_user_pool" "full" {
  name                     = "full"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = "OFF"
  deletion_protection      = "INACTIVE"
  tags                     = { team = "people" }

  username_configuration {
    case_sensitive = false
  }

  password_policy {
    minimum_length                   = 10
    require_lowercase                = true
    require_numbers                  = false
    require_symbols                  = false
    require_uppercase                = false
    password_history_size            = 0
    temporary_password_validity_days = var.minutes
  }

  schema {
    name                = "email"
    attribute_data_type = "String"
    required            = true
    mutable             = true

    string_attribute_constraints {
      min_length = "0"
      max_length = "2048"
    }
  }

  schema {
    name                = "level"
    attribute_data_type = "Number"
    mutable             = true

    number_attribute_constraints {
      min_value = "-10"
      max_value = "9007199254740991"
    }
  }

  schema {
    name                = "hat"
    attribute_data_type = "String"
    mutable             = true
    string_attribute_constraints {}
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  admin_create_user_config {
    allow_admin_create_user_only = false

    invite_message_template {
      email_message = "{username} {####}"
      email_subject = "Welcome"
      sms_message   = "{username} {####}"
    }
  }

  email_configuration {
    email_sending_account = "COGNITO_DEFAULT"
  }

  user_pool_add_ons {
    advanced_security_mode = "OFF"
  }

  verification_message_template {
    default_email_option = "CONFIRM_WITH_CODE"
    email_message        = "Code {####}"
    email_subject        = "Code"
  }

  user_attribute_update_settings {
    attributes_require_verification_before_update = ["email"]
  }
}

resource "aws_cognito_user_pool_client" "full" {
  name                          = "full"
  user_pool_id                  = aws_cognito_user_pool.full.id
  generate_secret               = true
  prevent_user_existence_errors = "LEGACY"
  enable_token_revocation       = false
  access_token_validity         = var.minutes
  explicit_auth_flows           = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"]
  callback_urls                 = ["https://app.example.com/back"]

  refresh_token_rotation {
    feature                    = "DISABLED"
    retry_grace_period_seconds = 0
  }

  token_validity_units {
    access_token = "minutes"
  }
}

resource "aws_cognito_user" "kim" {
  username     = "kim@example.com"
  user_pool_id = aws_cognito_user_pool.full.id
  password     = var.password
  attributes   = { email = "kim@example.com", email_verified = "true", level = "7" }
}

output "pool" { value = aws_cognito_user_pool.plain.id }
output "client" { value = aws_cognito_user_pool_client.plain.id }
output "domain" { value = aws_cognito_user_pool_domain.plain.domain }
output "full_domain" { value = aws_cognito_user_pool_domain.full.domain }
output "full_domain_leads_to" { value = aws_cognito_user_pool_domain.full.cloudfront_distribution }
output "full_pool" { value = aws_cognito_user_pool.full.id }
output "full_client" { value = aws_cognito_user_pool_client.full.id }
output "full_secret" {
  value     = aws_cognito_user_pool_client.full.client_secret
  sensitive = true
}
