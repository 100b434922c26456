# functions/functions.yaml says what there is and what it may do. Here it becomes maps; nothing is said twice.

locals {
  catalogue = yamldecode(file("${path.module}/../functions/functions.yaml"))
  functions = { for function in local.catalogue.functions : function.name => function if !try(function.coming, false) }
  deployed  = { for name, function in local.functions : name => function if var.deploy_functions }
  names     = { for name in keys(local.functions) : name => "${var.prefix}-${replace(name, "_", "-")}" }

  balanced = var.front_door == "load_balancer"

  # Secrets that are mounted as files, and the setting that names the file.
  mounted = {
    flow_keys           = { file = "flow_keys.json", setting = "FLOW_KEYS_FILE" }
    link_keys           = { file = "link_keys.json", setting = "LINK_KEYS_FILE" }
    session_signing_key = { file = "session_signing_key.json", setting = "SESSION_SIGNING_KEY_FILE" }
    session_public_keys = { file = "session_public_keys.json", setting = "SESSION_PUBLIC_KEYS_FILE" }
    policy              = { file = "policy.yaml", setting = "POLICY_FILE" }
    connector_types     = { file = "connector_types.yaml", setting = "CONNECTOR_TYPES_FILE" }
  }
  topics = { events = "EVENTS_TOPIC", sweep = "SWEEP_TOPIC" }

  # Who asks `refresh`, by its route: functions of the catalogue, or accounts of accounts.tf.
  ask_refresh = {
    one    = ["access_token", "connectors"]
    finish = ["revoke"]
    sweep  = ["scheduler"]
    shard  = ["push"]
    rewrap = ["operator"]
    import = ["operator"]
  }
  asking = distinct(flatten(values(local.ask_refresh)))

  # Whose secrets of applications a function may have: a callback its own provider's, refresh all.
  providers_of = {
    callback_microsoft = ["microsoft"]
    callback_google    = ["google"]
    refresh            = ["microsoft", "google"]
  }
  # Which functions sign in Microsoft's stead of a secret.
  signers = ["callback_microsoft", "refresh"]
  # What calls Microsoft or Google, and leaves by the fixed address where there is one.
  outward = [for name, function in local.functions : name if length(setintersection(function.extras, ["microsoft", "google", "connectors"])) > 0]

  # Megabytes. A function that uses Firestore takes some 100 after 10,000 requests (docs/benchmarks.md); files go through `connectors`.
  memory = { default = 256, access_token = 512, callback_google = 512, callback_microsoft = 512, connectors = 512, refresh = 512 }
}
