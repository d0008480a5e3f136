"""python-gitlab against the lab's double."""

import os

import gitlab

URL = f"https://127.0.0.1:{os.environ['LAB_PORT']}"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{:02d}hz2GK/XCUj4i6Q5yQJNL1MKMZlzDSRGD4vGHqfKXo lab"


def connect(**login):
    return gitlab.Gitlab(URL, ssl_verify=os.environ["LAB_CA"], **login)


def refused(call, code, text):
    try:
        call()
    except gitlab.exceptions.GitlabError as error:
        assert error.response_code == code, error
        assert text in str(error.error_message) + str(error.response_body), error
    else:
        raise SystemExit(f"was not refused: {text}")


refused(lambda: connect(private_token="wrong").auth(), 401, "401 Unauthorized")
api = connect(private_token="glpat-full")
api.auth()
assert api.user.username == "deployer"
assert api.version()[0] == "18.6.0"
project = api.projects.get("home/lab/apps.yaml")
assert project.id == 7 and api.projects.get(7).path_with_namespace == "home/lab/apps.yaml"
refused(lambda: api.projects.get("home/other"), 404, "404 Project Not Found")

# Three pages of a hundred.
keys = project.keys.list(get_all=True, per_page=100)
assert len(keys) == 250, len(keys)
page = project.keys.list(iterator=True, per_page=100)
assert page.total == 250 and page.total_pages == 3
made = project.keys.create({"title": "argocd", "key": KEY.format(99), "can_push": False})
assert made.title == "argocd" and made.fingerprint_sha256.startswith("SHA256:")
taken = {"title": "again", "key": KEY.format(99) + "-other-comment"}
refused(lambda: project.keys.create(taken), 400, "has already been taken")
refused(lambda: project.keys.create({"title": "x", "key": "no key"}), 400, "is invalid")
made.title = "renamed"
made.can_push = True
made.save()
assert project.keys.get(made.id).can_push is True
other = api.projects.get(8)
refused(lambda: other.keys.create(taken), 400, "has already been taken")
other.keys.enable(made.id)
assert [key.id for key in other.keys.list(get_all=True)] == [made.id]
made.delete()
refused(lambda: project.keys.get(made.id), 404, "404 Deploy Key Not Found")

reader = connect(private_token="glpat-read")
assert len(reader.projects.get(7).keys.list(get_all=True)) == 250
refused(lambda: reader.projects.get(7).keys.create(taken), 403, "insufficient_scope")
refused(lambda: connect(private_token="glpat-repo").projects.get(7), 403, "insufficient_scope")
guest = connect(oauth_token="oauth-guest")
refused(lambda: guest.projects.get(7).keys.list(), 403, "403 Forbidden")
refused(lambda: guest.projects.get(8), 404, "404 Project Not Found")
print("all good")
