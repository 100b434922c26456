# Shells only. Values are put in by hand (README.md), never by Terraform: they would stand in its state.

resource "google_secret_manager_secret" "mounted" {
  for_each            = local.mounted
  secret_id           = "${var.prefix}-${replace(each.key, "_", "-")}"
  version_destroy_ttl = "604800s" # what was destroyed by mistake can be brought back for 7 days
  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
  depends_on = [google_project_service.this]
  lifecycle {
    prevent_destroy = true
  }
}

# Of the applications: read by name through the API, so that a new one counts without a deployment.
resource "google_secret_manager_secret" "client" {
  for_each            = var.client_secrets
  secret_id           = each.key
  version_destroy_ttl = "604800s"
  labels              = { provider = each.value.provider }
  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
  depends_on = [google_project_service.this]
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "mounted" {
  for_each  = local.mounted_grants
  secret_id = google_secret_manager_secret.mounted[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.members[each.value.who]
}

# The newest two versions count, so they are listed too.
resource "google_project_iam_custom_role" "client_secret_reader" {
  role_id     = "${replace(var.prefix, "-", "_")}_client_secret_reader"
  title       = "Reads a client secret of ${var.prefix} and its versions"
  permissions = ["secretmanager.versions.access", "secretmanager.versions.list"]
  depends_on  = [google_project_service.this]
}

resource "google_secret_manager_secret_iam_member" "client" {
  for_each  = local.client_grants
  secret_id = google_secret_manager_secret.client[each.value.secret].id
  role      = "projects/${var.project_id}/roles/${google_project_iam_custom_role.client_secret_reader.role_id}"
  member    = local.members[each.value.who]
}
