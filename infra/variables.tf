variable "project_id" {
  description = "The Google Cloud project, best one that holds nothing else."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is 6 to 30 lower-case letters, digits and hyphens, such as company-oauth."
  }
}

variable "region" {
  description = "Where functions, keys, secrets and messages are."
  type        = string
  default     = "europe-west1"
  nullable    = false
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region is one such as europe-west1."
  }
}

variable "database_location" {
  description = "Where Firestore keeps the two databases: a region, or a multi-region such as eur3. Left out: region."
  type        = string
  default     = null
  validation {
    condition     = var.database_location == null ? true : can(regex("^(eur3|nam5|nam7|[a-z]+-[a-z]+[0-9]{1,2})$", var.database_location))
    error_message = "database_location is eur3, nam5, nam7 or a region."
  }
}

variable "prefix" {
  description = "What the names of all parts begin with."
  type        = string
  default     = "oauth"
  nullable    = false
  validation {
    # The longest account, PREFIX-callback-microsoft, may have 30 characters.
    condition     = can(regex("^[a-z][a-z0-9-]{1,9}$", var.prefix)) && !endswith(var.prefix, "-")
    error_message = "prefix is 2 to 10 lower-case letters, digits and hyphens."
  }
}

variable "deployment_id" {
  description = "A UUID, made once. Sealed tokens open only under the id that they were sealed under: it never changes, not even for a restore into another project."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.deployment_id))
    error_message = "deployment_id is a UUID in lower case: python3 -c 'import uuid; print(uuid.uuid4())'"
  }
}

variable "front_door" {
  description = "load_balancer: one name of your own, Cloud Armor, functions closed to everything else. function_urls: a trial without a name and without a load balancer."
  type        = string
  default     = "load_balancer"
  nullable    = false
  validation {
    condition     = contains(["load_balancer", "function_urls"], var.front_door)
    error_message = "front_door is load_balancer or function_urls."
  }
}

variable "domain" {
  description = "The host name that people see, such as connect.company.com; only with front_door = load_balancer, and needed there."
  type        = string
  default     = null
  validation {
    condition     = var.domain == null ? true : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain is a host name in lower case, without https:// and without a path."
  }
  validation {
    condition     = (var.front_door == "load_balancer") == (var.domain != null)
    error_message = "domain is needed with front_door = load_balancer, and with nothing else."
  }
}

variable "deploy_functions" {
  description = "false: everything but the functions and what leads to them. For the first apply: a function does not start before its secrets have a value."
  type        = bool
  default     = true
  nullable    = false
}

variable "client_secrets" {
  description = "The secrets of your applications at Microsoft and Google, by the name that client_secret has in connector_types.yaml, and whose they are. Only that provider's callback, and refresh, can read one."
  type        = map(object({ provider = string }))
  default = {
    microsoft = { provider = "microsoft" }
    google    = { provider = "google" }
  }
  nullable = false
  validation {
    condition     = alltrue([for name in keys(var.client_secrets) : can(regex("^[A-Za-z0-9_-]{1,255}$", name))])
    error_message = "The names in client_secrets are letters, digits, _ and -."
  }
  validation {
    condition     = alltrue([for secret in values(var.client_secrets) : contains(["microsoft", "google"], secret.provider)])
    error_message = "provider in client_secrets is microsoft or google."
  }
}

variable "client_assertion_key" {
  description = "true: also a key in Cloud KMS that signs in place of Microsoft's client secret; no file ever holds it."
  type        = bool
  default     = false
  nullable    = false
}

variable "return_origins" {
  description = "Origins where a sign-in may end besides our own pages."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for origin in var.return_origins : can(regex("^https://[a-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "return_origins are origins such as https://intranet.company.com, without a path."
  }
}

variable "cors_origins" {
  description = "Origins whose pages may start a sign-in by script, and ask how it ended."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https://[a-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "cors_origins are origins such as https://intranet.company.com, without a path."
  }
}

variable "settings" {
  description = "More settings, the same for every function, such as SWEEP_RATE, RATE_PER_CALLER, DURABLE_READS or IDLE_LIMIT_DAYS."
  type        = map(string)
  default     = {}
  nullable    = false
  validation {
    condition = alltrue([for name in keys(var.settings) : contains([
      "DURABLE_READS", "IDLE_LIMIT_DAYS", "KEEP_ALIVE_DAYS", "RATE_PER_ADDRESS", "RATE_PER_CALLER",
      "RATE_PER_PERSON", "READS_RETENTION_DAYS", "SWEEP_RATE", "SWEEP_THREADS", "USED_WITHIN_HOURS",
    ], name)])
    error_message = "settings takes how much and how often; all else follows from the other variables, and nothing of a trial belongs here."
  }
}

variable "max_instances" {
  description = "At most so many instances of each function; by its name another number."
  type        = map(number)
  default     = { default = 20 }
  nullable    = false
  validation {
    condition     = contains(keys(var.max_instances), "default") && alltrue([for number in values(var.max_instances) : number >= 1 && number <= 1000])
    error_message = "max_instances has a default, and every number is 1 to 1000."
  }
  validation {
    condition     = alltrue([for name in keys(var.max_instances) : name == "default" || contains(keys(local.functions), name)])
    error_message = "max_instances names functions of the catalogue, such as access_token."
  }
}

variable "min_instances" {
  description = "So many instances are kept warm, and paid for, by the function's name."
  type        = map(number)
  default     = {}
  nullable    = false
  validation {
    condition     = alltrue([for name in keys(var.min_instances) : contains(keys(local.functions), name)])
    error_message = "min_instances names functions of the catalogue, such as access_token."
  }
}

variable "egress_address" {
  description = "A reserved address, projects/P/regions/R/addresses/NAME, by which what calls Microsoft and Google leaves: for tenants that admit listed addresses only. Made by hand, so that no change here ever gives it back. Left out: Google's changing addresses."
  type        = string
  default     = null
  validation {
    condition     = var.egress_address == null ? true : can(regex("^projects/[^/]+/regions/[^/]+/addresses/[a-z][a-z0-9-]*$", var.egress_address))
    error_message = "egress_address is projects/P/regions/R/addresses/NAME."
  }
}

variable "waf_preview" {
  description = "true: the preconfigured rules of Cloud Armor only log what they would refuse. Look for a while, then switch it off."
  type        = bool
  default     = true
  nullable    = false
}

variable "requests_per_minute" {
  description = "From one address, at the load balancer: all requests, and those that begin or end a sign-in. An office may be one address."
  type        = object({ all = optional(number, 6000), sign_in = optional(number, 600) })
  default     = {}
  nullable    = false
  validation {
    condition     = var.requests_per_minute.all >= 60 && var.requests_per_minute.sign_in >= 60
    error_message = "requests_per_minute below 60 would shut out a single office."
  }
}

variable "operators" {
  description = "Who may act as the operator's service account, such as group:oauth-operators@company.com."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for who in var.operators : can(regex("^(user|group):[^@\\s]+@[^@\\s]+$", who))])
    error_message = "operators are user:E-MAIL or group:E-MAIL."
  }
}

variable "restoring" {
  description = "true: the account `restore` exists, writes both databases, reads the bucket of backups, and operators may act as it. Only while a backup is put back."
  type        = bool
  default     = false
  nullable    = false
  validation {
    condition     = !var.restoring || length(var.operators) > 0
    error_message = "restoring needs operators: nobody else may act as the account that restores."
  }
}

variable "backups" {
  description = "Sealed backups besides Firestore's own, in a bucket of their own: when everything is backed up and when the ledger of who disconnected (cron, UTC; each once a day at least, for an alert is raised after 26 hours), where the bucket is (left out: region), and whether nobody, no owner either, can shorten how long it keeps them; that can not be taken back. Left out: none."
  type = object({
    whole    = optional(string, "17 3 * * *")
    ledger   = optional(string, "47 * * * *")
    location = optional(string)
    locked   = optional(bool, false)
  })
  default = null
  validation {
    condition     = var.backups == null ? true : alltrue([for cron in [var.backups.whole, var.backups.ledger] : can(regex("^([0-9*,/-]+ ){4}[0-9*,/-]+$", cron))])
    error_message = "whole and ledger in backups are times as cron has them, such as 17 3 * * *."
  }
  validation {
    condition     = var.backups == null ? true : can(regex("^([a-z]+-[a-z]+[0-9]{1,2}|EU|US|ASIA|EUR4|NAM4)$", coalesce(var.backups.location, "EU")))
    error_message = "location in backups is a region such as europe-west4, or EU, US, ASIA, EUR4 or NAM4."
  }
}

variable "alert_emails" {
  description = "Who is told of alarms."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+$", email))])
    error_message = "alert_emails are e-mail addresses."
  }
}

variable "documents_url" {
  description = "Where your people read docs/: alerts link to operations.md below it, such as https://git.company.com/oauth/docs. Left out: they name the file."
  type        = string
  default     = ""
  nullable    = false
  validation {
    condition     = can(regex("^(https://[^\\s?#]+)?$", var.documents_url))
    error_message = "documents_url is the https:// address of the folder docs/, without a query."
  }
}

variable "thresholds" {
  description = "When an alarm is raised: refused refreshes and decrypted refresh tokens in five minutes, answers 5xx of a function in five minutes, the seconds that 95 of 100 answers take."
  type = object({
    refresh_failures = optional(number, 50)
    decrypts         = optional(number, 5000)
    server_errors    = optional(number, 5)
    latency_seconds  = optional(number, 5)
  })
  default  = {}
  nullable = false
}

variable "audit_retention_days" {
  description = "How long the lines of use, change and alarm are kept in a log bucket of their own."
  type        = number
  default     = 400
  nullable    = false
  validation {
    condition     = var.audit_retention_days >= 30 && var.audit_retention_days <= 3650
    error_message = "audit_retention_days is 30 to 3650."
  }
}

variable "audit_locked" {
  description = "true: nobody, no owner either, can shorten that or delete the bucket. It can not be taken back."
  type        = bool
  default     = false
  nullable    = false
}

variable "billing_account" {
  description = "The billing account for the budget, such as 012345-6789AB-CDEF01. Left out: no budget."
  type        = string
  default     = null
  validation {
    condition     = var.billing_account == null ? true : can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account is three times six characters, such as 012345-6789AB-CDEF01."
  }
}

variable "monthly_budget" {
  description = "What a month may cost before the billing account's people are told, in its currency."
  type        = object({ units = optional(number, 100), currency = optional(string, "EUR") })
  default     = {}
  nullable    = false
}

variable "build" {
  description = "What builds and deploys by cloudbuild.yaml: a connected repository (projects/P/locations/R/connections/C/repositories/N), its branch, the service accounts that plan (it only looks) and that apply, and the buckets of the state and of plans. Left out: you run Terraform yourself."
  type = object({
    repository       = string
    branch           = optional(string, "main")
    plan_account     = string
    apply_account    = string
    state_bucket     = string
    artifacts_bucket = string
  })
  default = null
  validation {
    condition     = var.build == null ? true : var.build.plan_account != var.build.apply_account
    error_message = "Whoever can push runs as plan_account: it is another than apply_account, and may look only."
  }
}
