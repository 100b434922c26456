// Questions to our own API, as the person whose session the browser holds.

const PATIENCE = 30_000; // milliseconds; longer than the API waits for anything itself

export class Problem extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

// Returns the body of the answer, nothing for an empty one; throws a Problem.
export async function ask(path, method = "GET", content = undefined) {
  let response;
  let body;
  try {
    const headers = { Accept: "application/json" };
    if (content) headers["Content-Type"] = "application/json";
    response = await fetch(path, {
      method,
      headers,
      body: content && JSON.stringify(content),
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.status !== 204) body = await response.json();
  } catch {
    throw new Problem("offline");
  }
  if (!response.ok) throw new Problem(body.code);
  return body;
}
