output "public_origin" {
  description = "Where people and agents reach us: PUBLIC_ORIGIN, and the audience of agents' tokens."
  value       = local.public_origin
}

output "ip_address" {
  description = "What the domain's A record has to say; none with function_urls."
  value       = one(google_compute_global_address.this[*].address)
}

output "function_urls" {
  description = "Each function's own address. With load_balancer only that of refresh answers, and only whom IAM admits."
  value       = { for name, function in google_cloudfunctions2_function.this : name => function.url }
}

output "refresh_url" {
  description = "The address of refresh, and the audience of tokens for it: REFRESH_URL and REFRESH_AUDIENCE of an operator."
  value       = local.refresh_url
}

output "redirect_uris" {
  description = "What to register, to the letter: at Entra under Authentication, Web; at Google under Credentials."
  value = {
    microsoft = [
      "${local.public_origin}/api/v1/oauth/callback/microsoft",
      "${local.public_origin}/api/v1/oauth/callback/microsoft/admin-consent",
    ]
    google = ["${local.public_origin}/api/v1/oauth/callback/google"]
  }
}

output "service_accounts" {
  description = "Whose identity each function has, and those of Scheduler, push, operator and builder; of backup and restore where there are."
  value = merge(
    { for name, account in google_service_account.function : name => account.email },
    { for name, account in google_service_account.caller : name => account.email },
  )
}

output "refresh_callers" {
  description = "What to write into the policy under refresh_callers."
  value = { for route, who in local.ask_refresh : route => [
    for name in who : trimprefix(local.members[name], "serviceAccount:")
  ] }
}

output "secrets" {
  description = "The secrets that need a value before the functions start, by what they hold."
  value = merge(
    { for name, secret in google_secret_manager_secret.mounted : name => secret.secret_id },
    { for name, secret in google_secret_manager_secret.client : "client secret ${name}" => secret.secret_id },
  )
}

output "keys" {
  description = "The key-encryption keys: ACCESS_KEY and REFRESH_KEY of an operator."
  value       = local.key_names
}

output "backups" {
  description = "The bucket of sealed backups; none without `backups`."
  value       = one(google_storage_bucket.backups[*].name)
}
