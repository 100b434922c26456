# Counted from the log: our alarms, and what else shows that something is wrong. docs/operations.md has a section for each.

locals {
  alarms = {
    tampered               = "A sealed token did not open: it was altered, or moved. Find out who can write the database."
    breaker_opened         = "Little or nothing is asked of a provider. `reason` says why: outage, misconfigured or storm."
    client_secret_expired  = "A provider refuses a credential of the application. Add a new version of the secret."
    client_secret_expiring = "The application's newest credential ends within 30 days, on the day that `reason` names. Store a new one before it."
    discovery_refused      = "Microsoft's discovery names other hosts than Microsoft's. Look at proxies and DNS."
    policy_refused         = "The policy can not be read; the last good one stays in force. Mend the file."
  }
  decrypt = "protoPayload.serviceName=\"cloudkms.googleapis.com\" AND protoPayload.methodName=\"Decrypt\" AND protoPayload.resourceName:\"/keyRings/${google_kms_key_ring.tokens.name}/cryptoKeys/refresh\""
  counted = merge(
    { for name, meaning in local.alarms : "alarm_${name}" => {
      filter = "${local.ours} AND jsonPayload.alarm=\"${name}\""
      labels = { reason = "EXTRACT(jsonPayload.reason)" }
      of     = "cloud_run_revision"
      above  = 0
      title  = "alarm ${name}"
      text   = meaning
    } },
    {
      refresh_failed = {
        filter = "${local.ours} AND (jsonPayload.message=\"refresh failed\" OR jsonPayload.message=\"a due connection was not refreshed\")"
        labels = { code = "EXTRACT(jsonPayload.code)" }
        of     = "cloud_run_revision"
        above  = var.thresholds.refresh_failures
        title  = "refreshes fail"
        text   = "Nobody is disconnected by it. `code` says why; look at the provider's status page, then at `multi-user-oauth doctor`."
      }
      refresh_key_used = {
        filter = "${local.decrypt} AND NOT protoPayload.status.code>0"
        labels = { principal = "EXTRACT(protoPayload.authenticationInfo.principalEmail)" }
        of     = "cloudkms_cryptokey"
        above  = var.thresholds.decrypts
        title  = "many refresh tokens are opened"
        text   = "More than a sweep explains: look which requests came to the function refresh, and from whom."
      }
    },
  )

  # One such line is enough, and is sent as it is.
  noticed = {
    refresh_key_by_another = {
      filter = "${local.decrypt} AND protoPayload.authenticationInfo.principalEmail!=\"${google_service_account.function["refresh"].email}\""
      title  = "another than refresh uses the key of refresh tokens"
      text   = "Tried or done: no other account may. Treat it as a break-in until it is explained."
    }
    rights_changed = {
      filter = "log_id(\"cloudaudit.googleapis.com/activity\") AND protoPayload.methodName=~\"(?i)(SetIamPolicy|setIamPermissions|UpdateRole|CreateServiceAccountKey)$\" AND protoPayload.serviceName=~\"^(cloudkms|secretmanager|cloudresourcemanager|iam|run|storage)[.]\""
      title  = "somebody changed who may do what"
      text   = "On a key, a secret, the project, a role, an account, a function or a bucket; or a key of an account was made, which nothing here needs. Expected with a deployment, and with nothing else."
    }
  }
}

resource "google_logging_metric" "this" {
  for_each    = local.counted
  name        = "${var.prefix}/${each.key}"
  description = each.value.text
  filter      = each.value.filter
  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = "INT64"
    unit         = "1"
    display_name = each.value.title
    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }
  label_extractors = each.value.labels
  depends_on       = [google_project_service.this]
}
