resource "google_kms_key_ring" "tokens" {
  name       = "${var.prefix}-tokens"
  location   = var.region
  depends_on = [google_project_service.this]
}

locals {
  rotation_period = "7776000s" # 90 days; `refresh` re-wraps what older versions sealed
  # By their names, so that a plan already shows who is told of which key.
  key_names = { for key in [google_kms_crypto_key.access, google_kms_crypto_key.refresh] : key.name => "projects/${var.project_id}/locations/${var.region}/keyRings/${google_kms_key_ring.tokens.name}/cryptoKeys/${key.name}" }
  # A version that was destroyed by mistake can be brought back for so long.
  destroyed_after = "2592000s" # 30 days
}

# Two keys, so that IAM can tell apart who opens access tokens and who opens refresh tokens.
resource "google_kms_crypto_key" "access" {
  name                       = "access"
  key_ring                   = google_kms_key_ring.tokens.id
  purpose                    = "ENCRYPT_DECRYPT"
  rotation_period            = local.rotation_period
  destroy_scheduled_duration = local.destroyed_after
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key" "refresh" {
  name                       = "refresh"
  key_ring                   = google_kms_key_ring.tokens.id
  purpose                    = "ENCRYPT_DECRYPT"
  rotation_period            = local.rotation_period
  destroy_scheduled_duration = local.destroyed_after
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key_iam_member" "access" {
  for_each      = local.key_grants.access
  crypto_key_id = google_kms_crypto_key.access.id
  role          = each.value.role
  member        = local.members[each.value.who]
}

resource "google_kms_crypto_key_iam_member" "refresh" {
  for_each      = local.key_grants.refresh
  crypto_key_id = google_kms_crypto_key.refresh.id
  role          = each.value.role
  member        = local.members[each.value.who]
}

# roles/cloudkms.admin could let itself decrypt: it may change who may. This can not.
resource "google_project_iam_custom_role" "key_operator" {
  role_id = "${replace(var.prefix, "-", "_")}_key_operator"
  title   = "Rotates the keys of ${var.prefix}, and opens nothing"
  permissions = [
    "cloudkms.cryptoKeys.get", "cloudkms.cryptoKeys.update",
    "cloudkms.cryptoKeyVersions.create", "cloudkms.cryptoKeyVersions.destroy", "cloudkms.cryptoKeyVersions.get",
    "cloudkms.cryptoKeyVersions.list", "cloudkms.cryptoKeyVersions.restore",
  ]
  depends_on = [google_project_service.this]
}

resource "google_kms_crypto_key_iam_member" "operator" {
  for_each      = { access = google_kms_crypto_key.access.id, refresh = google_kms_crypto_key.refresh.id }
  crypto_key_id = each.value
  role          = "projects/${var.project_id}/roles/${google_project_iam_custom_role.key_operator.role_id}"
  member        = local.members["operator"]
}

# The private key that proves our application to Microsoft (RFC 7523); it never leaves Cloud KMS.
resource "google_kms_crypto_key" "assertion" {
  count                      = var.client_assertion_key ? 1 : 0
  name                       = "client-assertion"
  key_ring                   = google_kms_key_ring.tokens.id
  purpose                    = "ASYMMETRIC_SIGN" # Cloud KMS rotates no asymmetric key: its certificate has to be registered
  destroy_scheduled_duration = local.destroyed_after
  version_template {
    algorithm = "RSA_SIGN_PKCS1_3072_SHA256"
  }
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key_iam_member" "assertion" {
  for_each      = toset(var.client_assertion_key ? local.signers : [])
  crypto_key_id = google_kms_crypto_key.assertion[0].id
  role          = "roles/cloudkms.signer"
  member        = local.members[each.value]
}
