"""What people build today: a web application with one readable JSON file a user, which checks nothing.

It has no keys, no audit, no policy and no idea who asks; whoever reaches it is given the token. It is the
yardstick of the token read over HTTP, so it does nothing slowly on purpose.
"""

import json
import os
from pathlib import Path

from flask import Flask, Response, jsonify

app = Flask(__name__)
folder = Path(os.environ["TOKENS"])  # a program of its own, set up by its environment


@app.get("/api/v1/oauth/user/<connector_type>/<user_email>/token")
def token(connector_type: str, user_email: str) -> Response:
    """Answer the user's access token as it lies in their file."""
    kept = json.loads((folder / f"{connector_type}-{user_email}.json").read_text())
    return jsonify(
        access_token=kept["access_token"],
        token_type="Bearer",
        expires_at=kept["expires_at"],
        scopes=kept["scopes"],
    )
