API=http://localhost:8084
SANDBOX=http://127.0.0.1:8085
identity() {
  curl -s -H 'Metadata-Flavor: Google' "$SANDBOX/metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience=$API&account=$1@company-project.iam.gserviceaccount.com"
}
field() {
  python3 -c 'import functools, json, sys
print(functools.reduce(lambda it, part: it[int(part) if part.isdigit() else part],
                       sys.argv[1].split("."), json.load(sys.stdin)))' "$1"
}
AGENT="Authorization: Bearer $(identity email-agent)"
OPERATOR="Authorization: Bearer $(identity operator)"
