# Who is granted what, from the catalogue: kms.tf, firestore.tf, secrets.tf and messages.tf grant just this.

locals {
  databases = ["main", "activity"]

  # What each right in the catalogue is in Google's words.
  database_roles = {
    none  = []
    read  = ["reader"]
    write = ["writer"]
  }
  key_roles = {
    none    = []
    encrypt = ["roles/cloudkms.cryptoKeyEncrypter"]
    decrypt = ["roles/cloudkms.cryptoKeyDecrypter"]
    both    = ["roles/cloudkms.cryptoKeyEncrypter", "roles/cloudkms.cryptoKeyDecrypter"]
  }
  # How much is due, and which key versions are needed, are questions to the records; when a version was needed last
  # is noted in activity. Nobody of these has a right at a key that opens anything, or at a secret.
  database_callers = merge(
    { operator = { main = "reader", activity = "writer" } },
    var.backups == null ? {} : { backup = { main = "reader", activity = "reader" } },
    var.restoring ? { restore = { main = "writer", activity = "writer" } } : {},
  )
  database_grants = merge(concat(
    [for name, function in local.functions : merge([for database in local.databases : {
      for role in local.database_roles[function.databases[database]] : "${name}/${database}" => { who = name, database = database, role = role }
    }]...)],
    [for who, roles in local.database_callers : { for database, role in roles : "${who}/${database}" => { who = who, database = database, role = role } }],
  )...)

  key_grants = { for key in ["access", "refresh"] : key => merge([for name, function in local.functions : {
    for role in local.key_roles[function.keys[key]] : "${name}/${split("cryptoKey", role)[1]}" => { who = name, role = role }
  }]...) }

  mounted_grants = merge([for name, function in local.functions : {
    for secret in function.secrets : "${name}/${secret}" => { who = name, secret = secret } if contains(keys(local.mounted), secret)
  }]...)
  client_grants = merge([for name, function in local.functions : {
    for secret, entry in var.client_secrets : "${name}/${secret}" => { who = name, secret = secret }
    if contains(function.secrets, "client_secrets") && contains(lookup(local.providers_of, name, []), entry.provider)
  }]...)

  publishing = merge([for name, function in local.functions : {
    for topic in try(function.publishes, []) : "${name}/${topic}" => { who = name, topic = topic }
  }]...)
}
