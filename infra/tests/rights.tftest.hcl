# What nobody may ever be granted by mistake, looked for in the plan.

variables {
  project_id    = "company-oauth"
  front_door    = "load_balancer"
  domain        = "connect.company.com"
  deployment_id = "3f0c9a52-6b1e-4a57-9c55-0d7d9f2c1b10"
  backups       = null
  restoring     = false
  operators     = ["group:oauth-operators@company.com"]
}

# Nobody is asked: the project need not exist.
override_data {
  target = data.google_project.this
  values = { number = "123456789012" }
}

run "every_function_is_somebody_of_its_own" {
  command = plan
  assert {
    condition     = length(distinct([for f in google_cloudfunctions2_function.this : f.service_config[0].service_account_email])) == length(local.functions)
    error_message = "Two functions share a service account."
  }
  assert {
    condition     = length(google_cloudfunctions2_function.this) == length(local.catalogue.functions)
    error_message = "A function of the catalogue is not deployed."
  }
}

run "refresh_alone_opens_refresh_tokens" {
  command = plan
  assert {
    condition = [for grant in google_kms_crypto_key_iam_member.refresh : grant.member if grant.role == "roles/cloudkms.cryptoKeyDecrypter"] == [
      google_service_account.function["refresh"].member
    ]
    error_message = "Another account than refresh may decrypt with the key of refresh tokens."
  }
  assert {
    condition = toset([for grant in google_kms_crypto_key_iam_member.refresh : "${grant.member} ${grant.role}"]) == toset([
      "${google_service_account.function["callback_google"].member} roles/cloudkms.cryptoKeyEncrypter",
      "${google_service_account.function["callback_microsoft"].member} roles/cloudkms.cryptoKeyEncrypter",
      "${google_service_account.function["refresh"].member} roles/cloudkms.cryptoKeyDecrypter",
      "${google_service_account.function["refresh"].member} roles/cloudkms.cryptoKeyEncrypter",
    ])
    error_message = "The key of refresh tokens has other users than the callbacks, to encrypt, and refresh."
  }
  assert {
    condition = alltrue([for permission in google_project_iam_custom_role.key_operator.permissions :
      !strcontains(permission, "use") && !strcontains(permission, "IamPolicy")
    ])
    error_message = "The operator could open tokens, or let somebody open them."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.noticed["refresh_key_by_another"].conditions[0].condition_matched_log[0].filter, "!=\"oauth-refresh@company-oauth.iam.gserviceaccount.com\"")
    error_message = "Nobody would be told that another account tries the key of refresh tokens."
  }
}

run "whom_agents_reach_can_not_write_connections" {
  command = plan
  assert {
    condition = toset([for key, grant in google_project_iam_member.database : grant.member if endswith(key, "/main") && endswith(grant.role, "_writer")]) == toset([
      for name in ["account", "callback_google", "callback_microsoft", "refresh", "revoke"] : google_service_account.function[name].member
    ])
    error_message = "Another function may write the main database."
  }
  assert {
    condition     = alltrue([for grant in google_project_iam_member.database : length(grant.condition) == 1 && strcontains(grant.condition[0].expression, "/databases/")])
    error_message = "A right in one database reaches into the other."
  }
  assert {
    condition     = alltrue([for permission in google_project_iam_custom_role.database["reader"].permissions : can(regex("\\.(get|list)$", permission))])
    error_message = "The reader's role can write."
  }
}

run "client_secrets_are_read_by_their_provider_s_callback_and_refresh" {
  command = plan
  variables {
    client_secrets = { microsoft = { provider = "microsoft" }, google = { provider = "google" }, second-app = { provider = "microsoft" } }
  }
  assert {
    condition = toset(keys(google_secret_manager_secret_iam_member.client)) == toset([
      "callback_microsoft/microsoft", "callback_microsoft/second-app", "callback_google/google",
      "refresh/microsoft", "refresh/second-app", "refresh/google",
    ])
    error_message = "Somebody else can read a client secret."
  }
}

run "the_platform_lets_everybody_in_only_where_the_catalogue_says_so" {
  command = plan
  assert {
    condition     = toset(keys(google_cloud_run_service_iam_member.everybody)) == toset([for f in local.catalogue.functions : f.name if f.invoker == "allUsers"])
    error_message = "allUsers and the catalogue differ."
  }
  assert {
    condition     = !contains(keys(google_cloud_run_service_iam_member.everybody), "refresh")
    error_message = "Everybody may call refresh."
  }
  assert {
    condition = toset([for grant in google_cloud_run_service_iam_member.listed : grant.member]) == toset(concat(
      [for name in ["access_token", "connectors", "revoke"] : google_service_account.function[name].member],
      [for name in ["operator", "push", "scheduler"] : google_service_account.caller[name].member],
    ))
    error_message = "Another than the six may call refresh."
  }
  assert {
    condition     = alltrue([for name, f in google_cloudfunctions2_function.this : f.service_config[0].ingress_settings == (name == "refresh" ? "ALLOW_ALL" : "ALLOW_INTERNAL_AND_GCLB")])
    error_message = "A function can be reached past the load balancer."
  }
}

run "keys_and_databases_outlive_mistakes" {
  command = plan
  assert {
    condition     = alltrue([for key in [google_kms_crypto_key.access, google_kms_crypto_key.refresh] : key.rotation_period == "7776000s" && key.destroy_scheduled_duration == "2592000s"])
    error_message = "A key is not rotated every 90 days, or is destroyed at once."
  }
  assert {
    condition = alltrue([for database in google_firestore_database.this :
      database.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED" && database.delete_protection_state == "DELETE_PROTECTION_ENABLED"
    ])
    error_message = "A database can be deleted, or not be brought back."
  }
  assert {
    condition     = length(google_firestore_backup_schedule.daily) == 2 && length(google_firestore_backup_schedule.weekly) == 2
    error_message = "A database has no backups."
  }
}

run "no_secret_is_a_setting" {
  command = plan
  assert {
    condition = alltrue(flatten([for f in google_cloudfunctions2_function.this : [for name in keys(f.service_config[0].environment_variables) :
      !can(regex("SECRET|PASSWORD|TOKEN|SANDBOX|EMULATOR|LOCAL_", replace(replace(name, "AWS_SECRETS_REGION", ""), "CLIENT_SECRETS_FILE", "")))
    ]]))
    error_message = "A secret, or something of a trial, is in a function's environment."
  }
  assert {
    condition     = alltrue([for f in google_cloudfunctions2_function.this : length(f.service_config[0].secret_environment_variables) == 0])
    error_message = "A secret is in an environment variable: it would not be rotated without a deployment."
  }
}

run "a_key_that_signs_is_the_callback_s_and_refresh_s" {
  command = plan
  variables {
    client_assertion_key = true
  }
  assert {
    condition     = toset([for grant in google_kms_crypto_key_iam_member.assertion : "${grant.role} ${grant.member}"]) == toset([for name in ["callback_microsoft", "refresh"] : "roles/cloudkms.signer ${google_service_account.function[name].member}"])
    error_message = "Somebody else can sign in our application's name."
  }
}

run "who_backs_up_or_restores_is_nobody_until_asked_for" {
  command = plan
  assert {
    condition     = toset(keys(google_service_account.caller)) == toset(["builder", "operator", "push", "scheduler"])
    error_message = "An account exists that nobody asked for."
  }
  assert {
    condition     = length(google_service_account_iam_member.restorers) == 0 && length([for key in keys(local.database_grants) : key if startswith(key, "restore/") || startswith(key, "backup/")]) == 0
    error_message = "Somebody may restore while nothing is restored, or reads everything for backups that are not taken."
  }
  assert {
    condition     = length(google_storage_bucket.backups) + length(google_cloudbuild_trigger.backup) + length(google_cloud_scheduler_job.backup) + length(google_monitoring_alert_policy.no_backup) == 0
    error_message = "Something of scheduled backups is there without being asked for."
  }
}

run "who_backs_up_or_restores_opens_nothing" {
  command = plan
  variables {
    backups              = {}
    restoring            = true
    client_assertion_key = true
  }
  assert {
    condition = !anytrue(flatten([for who in ["backup", "restore"] : [for member in concat(
      [for grant in google_kms_crypto_key_iam_member.access : grant.member],
      [for grant in google_kms_crypto_key_iam_member.refresh : grant.member],
      [for grant in google_kms_crypto_key_iam_member.operator : grant.member],
      [for grant in google_kms_crypto_key_iam_member.assertion : grant.member],
      [for grant in google_secret_manager_secret_iam_member.mounted : grant.member],
      [for grant in google_secret_manager_secret_iam_member.client : grant.member],
      [for grant in google_cloud_run_service_iam_member.listed : grant.member],
      [for grant in google_pubsub_topic_iam_member.publisher : grant.member],
    ) : member == google_service_account.caller[who].member]]))
    error_message = "Who backs up or restores has a right at a key, a secret, a function or a topic."
  }
  assert {
    condition = { for key, grant in google_project_iam_member.database : key => grant.role if startswith(key, "restore/") || startswith(key, "backup/") } == {
      "backup/main"      = "projects/company-oauth/roles/oauth_firestore_reader"
      "backup/activity"  = "projects/company-oauth/roles/oauth_firestore_reader"
      "restore/main"     = "projects/company-oauth/roles/oauth_firestore_writer"
      "restore/activity" = "projects/company-oauth/roles/oauth_firestore_writer"
    }
    error_message = "The databases are not just read for a backup, and written for a restore."
  }
  assert {
    condition     = [for grant in google_service_account_iam_member.restorers : grant.member] == ["group:oauth-operators@company.com"]
    error_message = "Another than the operators may act as the account that restores."
  }
}

run "restoring_takes_operators" {
  command = plan
  variables {
    operators = []
    restoring = true
  }
  expect_failures = [var.restoring]
}

run "a_backup_is_kept_where_nobody_changes_it" {
  command = plan
  variables {
    backups = {}
  }
  assert {
    condition = (
      [for grant in google_storage_bucket_iam_member.backup : "${grant.role} ${grant.member}"] == ["roles/storage.objectCreator ${google_service_account.caller["backup"].member}"]
      && length(google_storage_bucket_iam_member.restore) == 0
    )
    error_message = "Somebody else is let read or write backups."
  }
  assert {
    condition = (
      google_storage_bucket.backups[0].public_access_prevention == "enforced" && google_storage_bucket.backups[0].uniform_bucket_level_access &&
      !google_storage_bucket.backups[0].force_destroy && !google_storage_bucket.backups[0].retention_policy[0].is_locked
    )
    error_message = "The bucket of backups is open, or can not be undone without being asked for."
  }
  assert {
    condition     = tonumber(google_storage_bucket.backups[0].retention_policy[0].retention_period) == 86400 * one(google_storage_bucket.backups[0].lifecycle_rule[0].condition).age
    error_message = "Backups are deleted before or long after they may be."
  }
  assert {
    condition = (
      google_storage_bucket.backups[0].soft_delete_policy[0].retention_duration_seconds / 86400
      + one(google_storage_bucket.backups[0].lifecycle_rule[0].condition).age + 1
      == tonumber(google_cloudfunctions2_function.this["refresh"].service_config[0].environment_variables["BACKUP_RETENTION_DAYS"])
    )
    error_message = "A backup outlives the keys and the ledger that it needs."
  }
}

run "the_file_is_read_while_it_is_restored" {
  command = plan
  variables {
    backups   = { locked = true, location = "EU" }
    restoring = true
  }
  assert {
    condition     = [for grant in google_storage_bucket_iam_member.restore : "${grant.role} ${grant.member}"] == ["roles/storage.objectViewer ${google_service_account.caller["restore"].member}"]
    error_message = "Who restores can not read backups, or somebody else can."
  }
  assert {
    condition     = google_storage_bucket.backups[0].retention_policy[0].is_locked && google_storage_bucket.backups[0].location == "EU"
    error_message = "The bucket is not where, or not as closed as, it was asked for."
  }
}

run "somebody_is_told_where_no_backup_is_kept_for_26_hours" {
  command = plan
  variables {
    backups = {}
  }
  assert {
    condition = [for condition in google_monitoring_alert_policy.no_backup[0].conditions : sum([
      for time in(length(condition.condition_absent) == 1
        ? [condition.condition_absent[0].duration, condition.condition_absent[0].aggregations[0].alignment_period]
      : [condition.condition_threshold[0].duration, condition.condition_threshold[0].aggregations[0].alignment_period]) : tonumber(trimsuffix(time, "s"))
    ])] == [93600, 93600]
    error_message = "Nobody is told, or not after 26 hours."
  }
  assert {
    condition     = strcontains(google_logging_metric.backup[0].filter, "/${google_storage_bucket.backups[0].name}/objects/") && contains(keys(google_project_iam_audit_config.this), "storage.googleapis.com")
    error_message = "What is stored is not counted."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.no_backup[0].conditions[0].condition_absent[0].filter, "/user/${google_logging_metric.backup[0].name}\"")
    error_message = "Another count is watched than is taken."
  }
}

run "backups_are_taken_as_their_own_account_and_only_by_schedule" {
  command = plan
  variables {
    backups = { whole = "0 1 * * *" }
  }
  assert {
    condition     = { for kind, job in google_cloud_scheduler_job.backup : kind => job.schedule } == { ledger = "47 * * * *", whole = "0 1 * * *" }
    error_message = "A backup is not taken when it was asked for."
  }
  assert {
    condition     = toset([for trigger in google_cloudbuild_trigger.backup : trigger.build[0].options[0].logging]) == toset(["CLOUD_LOGGING_ONLY"])
    error_message = "A build writes its log where another account could."
  }
  assert {
    condition     = alltrue([for trigger in google_cloudbuild_trigger.backup : length(trigger.build[0].available_secrets) == 0 && alltrue([for step in trigger.build[0].step : step.secret_env == null])])
    error_message = "A backup is given a secret."
  }
}
