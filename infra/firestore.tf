locals {
  # What Firestore does not make by itself; a test holds it to our queries.
  indexes = yamldecode(file("${path.module}/../shared/multi_user_oauth/stores/firestore_indexes.yaml"))
  composite = merge([for database in local.databases : {
    for index in local.indexes[database].composite :
    "${database}/${index.collection}/${join(",", index.fields)}" => merge(index, { database = database })
  }]...)
  ttl = merge([for database in local.databases : {
    for entry in local.indexes[database].ttl : "${database}/${entry.collection}/${entry.field}" => true
  }]...)
  exempt = merge([for database in local.databases : merge([
    for collection, fields in local.indexes[database].not_indexed : {
      for field in fields : "${database}/${collection}/${field}" => { database = database, collection = collection, field = field }
    }
  ]...)]...)

  daily_backup_days   = 7
  longest_backup_days = 98 # 14 weeks, Firestore's longest
}

resource "google_firestore_database" "this" {
  for_each                          = toset(local.databases)
  name                              = each.key
  location_id                       = coalesce(var.database_location, var.region)
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "PESSIMISTIC"
  app_engine_integration_mode       = "DISABLED"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  depends_on                        = [google_project_service.this]
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_firestore_index" "this" {
  for_each   = local.composite
  database   = google_firestore_database.this[each.value.database].name
  collection = each.value.collection
  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = fields.value
      order      = "ASCENDING"
    }
  }
}

# An empty index_config is the exemption. A field after whose time Firestore deletes is one of these too.
resource "google_firestore_field" "this" {
  for_each   = local.exempt
  database   = google_firestore_database.this[each.value.database].name
  collection = each.value.collection
  field      = each.value.field
  skip_wait  = true # each takes a minute or two, and nothing relies on it
  index_config {}
  dynamic "ttl_config" {
    for_each = contains(keys(local.ttl), each.key) ? [true] : []
    content {}
  }
}

resource "google_firestore_backup_schedule" "daily" {
  for_each  = toset(local.databases)
  database  = google_firestore_database.this[each.key].name
  retention = "${local.daily_backup_days * 86400}s"
  daily_recurrence {}
}

resource "google_firestore_backup_schedule" "weekly" {
  for_each  = toset(local.databases)
  database  = google_firestore_database.this[each.key].name
  retention = "${local.longest_backup_days * 86400}s"
  weekly_recurrence {
    day = "SUNDAY"
  }
}

# Narrower than Google's own: nobody of ours sees or changes indexes, exports, or another project's data.
resource "google_project_iam_custom_role" "database" {
  for_each = {
    reader = ["get", "list"]
    writer = ["create", "delete", "get", "list", "update"]
  }
  role_id     = "${replace(var.prefix, "-", "_")}_firestore_${each.key}"
  title       = "Firestore ${each.key} of ${var.prefix}"
  permissions = concat(["datastore.databases.get"], [for verb in each.value : "datastore.entities.${verb}"])
  depends_on  = [google_project_service.this]
}

resource "google_project_iam_member" "database" {
  for_each = local.database_grants
  project  = var.project_id
  role     = "projects/${var.project_id}/roles/${google_project_iam_custom_role.database[each.value.role].role_id}"
  member   = local.members[each.value.who]
  condition {
    title      = "database_${each.value.database}"
    expression = "resource.name == \"projects/${var.project_id}/databases/${google_firestore_database.this[each.value.database].name}\""
  }
}
