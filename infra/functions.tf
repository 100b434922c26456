locals {
  # Under function_urls all functions share Google's host, by region and project.
  public_origin = local.balanced ? "https://${var.domain}" : "https://${var.region}-${var.project_id}.cloudfunctions.net"
  # Known before the function is there, so that it can be told who it is (Cloud Run, "Deterministic URL").
  # The platform admits a token for this address and no other: it is the audience too.
  refresh_url = "https://${local.names["refresh"]}-${data.google_project.this.number}.${var.region}.run.app"

  # What every function is told.
  shared_settings = {
    BACKEND                     = "gcp"
    PUBLIC_ORIGIN               = local.public_origin
    DEPLOYMENT_ID               = var.deployment_id
    GOOGLE_CLOUD_PROJECT        = var.project_id
    FIRESTORE_MAIN_DATABASE     = google_firestore_database.this["main"].name
    FIRESTORE_ACTIVITY_DATABASE = google_firestore_database.this["activity"].name
    # The load balancer appends the caller and itself to X-Forwarded-For, the platform alone the caller.
    TRUSTED_PROXY_HOPS   = local.balanced ? "2" : "1"
    TRIAL_ON_SHARED_HOST = local.balanced ? "no" : "yes"
  }
  # What only some are told.
  own_settings = { for name, function in local.functions : name => {
    THREADS               = tostring(function.concurrency)
    ACCESS_KEY            = function.keys.access == "none" ? "" : local.key_names.access
    REFRESH_KEY           = function.keys.refresh == "none" ? "" : local.key_names.refresh
    REFRESH_URL           = contains(local.asking, name) ? local.refresh_url : ""
    REFRESH_AUDIENCE      = contains(local.asking, name) || name == "refresh" ? local.refresh_url : ""
    BEHIND_IAM            = function.invoker == "iam" ? "yes" : ""
    BACKUP_RETENTION_DAYS = name == "refresh" ? tostring(local.longest_backup_days) : ""
    RETURN_ORIGINS        = name == "authorize" ? join(",", var.return_origins) : ""
    CORS_ORIGINS          = contains(["authorize", "list_users"], name) ? join(",", var.cors_origins) : ""
  } }
  environment = { for name, function in local.functions : name => merge(
    var.settings,
    local.shared_settings,
    { for setting, value in local.own_settings[name] : setting => value if value != "" },
    { for secret, mount in local.mounted : mount.setting => "${local.mount_path}/${secret}/${mount.file}" if contains(function.secrets, secret) },
    { for topic, setting in local.topics : setting => "projects/${var.project_id}/topics/${google_pubsub_topic.this[topic].name}" if contains(try(function.publishes, []), topic) },
  ) }
  archives   = { for name in keys(local.functions) : name => "${path.module}/build/${name}.zip" } # by infra/package.py
  mount_path = "/etc/vault"                                                                       # a folder for each: the platform mounts one secret in one folder
}

resource "google_storage_bucket" "sources" {
  #checkov:skip=CKV_GCP_62: nothing secret is in it, and who writes to it is in the project's audit log
  #checkov:skip=CKV_GCP_63: the same; it logs nowhere
  name                        = "${var.project_id}-${var.prefix}-sources"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  versioning {
    enabled = true
  }
  lifecycle_rule {
    condition {
      num_newer_versions = 10
    }
    action {
      type = "Delete"
    }
  }
  depends_on = [google_project_service.this]
}

# The name changes with the content, and so the function is built anew. A plan needs no archive; without one an apply
# ends here, before any function changes.
resource "google_storage_bucket_object" "source" {
  for_each = local.deployed
  name     = "${each.key}-${try(filesha256(local.archives[each.key]), "RUN-infra-package.py-FIRST")}.zip"
  bucket   = google_storage_bucket.sources.name
  source   = local.archives[each.key]
}

resource "google_artifact_registry_repository" "functions" {
  #checkov:skip=CKV_GCP_84: images hold code and no secret; Google's own key encrypts them
  repository_id = "${var.prefix}-functions"
  location      = var.region
  format        = "DOCKER"
  description   = "The images that functions are built to."
  depends_on    = [google_project_service.this]
}

resource "google_cloudfunctions2_function" "this" {
  #checkov:skip=CKV_GCP_124: of refresh, which IAM closes; with a load balancer the others are closed to all else
  for_each    = local.deployed
  name        = local.names[each.key]
  location    = var.region
  description = each.value.summary

  build_config {
    runtime           = "python312"
    entry_point       = "main"
    docker_repository = google_artifact_registry_repository.functions.id
    service_account   = google_service_account.caller["builder"].name
    automatic_update_policy {}
    source {
      storage_source {
        bucket = google_storage_bucket.sources.name
        object = google_storage_bucket_object.source[each.key].name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function[each.key].email
    available_cpu                    = tostring(each.value.cpu)
    available_memory                 = "${lookup(local.memory, each.key, local.memory.default)}Mi"
    max_instance_request_concurrency = each.value.concurrency
    max_instance_count               = lookup(var.max_instances, each.key, var.max_instances["default"])
    min_instance_count               = lookup(var.min_instances, each.key, 0)
    timeout_seconds                  = each.value.timeout_seconds
    environment_variables            = local.environment[each.key]
    # `refresh` is asked by other functions, from no network of ours: IAM closes it, not where one comes from.
    ingress_settings  = local.balanced && each.value.invoker == "allUsers" ? "ALLOW_INTERNAL_AND_GCLB" : "ALLOW_ALL"
    direct_vpc_egress = local.is_fixed[each.key] ? "VPC_EGRESS_ALL_TRAFFIC" : null

    dynamic "direct_vpc_network_interface" {
      for_each = local.is_fixed[each.key] ? google_compute_subnetwork.egress : []
      content {
        network    = direct_vpc_network_interface.value.network
        subnetwork = direct_vpc_network_interface.value.name
      }
    }

    dynamic "secret_volumes" {
      for_each = [for secret in each.value.secrets : secret if contains(keys(local.mounted), secret)]
      content {
        mount_path = "${local.mount_path}/${secret_volumes.value}"
        project_id = var.project_id
        secret     = google_secret_manager_secret.mounted[secret_volumes.value].secret_id
        versions {
          version = "latest"
          path    = local.mounted[secret_volumes.value].file
        }
      }
    }
  }

  # It starts with all its rights or not at all.
  depends_on = [
    google_project_iam_member.database,
    google_kms_crypto_key_iam_member.access,
    google_kms_crypto_key_iam_member.refresh,
    google_secret_manager_secret_iam_member.mounted,
    google_secret_manager_secret_iam_member.client,
    google_project_iam_member.builder_logs,
    google_project_iam_member.builder_sources,
    google_artifact_registry_repository_iam_member.builder,
  ]
}

resource "google_cloud_run_service_iam_member" "everybody" {
  #checkov:skip=CKV_GCP_102: browsers and other issuers' tokens come here, which IAM would refuse; these functions prove their callers themselves
  for_each = { for name, function in local.deployed : name => function if function.invoker == "allUsers" }
  location = var.region
  service  = google_cloudfunctions2_function.this[each.key].name
  role     = "roles/run.invoker"
  member   = "allUsers"
  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.this[each.key].id]
  }
}

# Whoever asks `refresh` is let in here, and compared with the route's own list in the policy.
resource "google_cloud_run_service_iam_member" "listed" {
  for_each = toset(var.deploy_functions ? local.asking : [])
  location = var.region
  service  = google_cloudfunctions2_function.this["refresh"].name
  role     = "roles/run.invoker"
  member   = local.members[each.value]
  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.this["refresh"].id]
  }
}
