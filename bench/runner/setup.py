"""What the configuration of a row's server says beyond where it listens. The same for both servers."""

# Two accounts alike, but that the user of one has permissions.
PERMISSIONS = """
accounts {
  OPEN { users: [{user: open, password: open}] }
  GUARDED { users: [{user: guarded, password: guarded, permissions: {publish: {
    allow: ["plant.*.dev.*.temp", "plant.*.dev.*.state", "fleet.>", "_INBOX.>"]
    deny: ["plant.*.dev.*.secret", "plant.77.admin.>", "*.audit.>"]
  }}}] }
}
"""

STREAM_IMPORT = """
accounts {
  PLAIN { users: [{user: plain, password: plain}] }
  FROM { users: [{user: from, password: from}], exports: [{stream: "plant.>"}] }
  TO { users: [{user: to, password: to}]
       imports: [{stream: {account: FROM, subject: "plant.>"}}] }
}
"""

SERVICE_IMPORT = """
accounts {
  PLAIN { users: [{user: plain, password: plain}] }
  TO { users: [{user: to, password: to}], exports: [{service: "plant.>"}, {service: "bench.>"}] }
  FROM { users: [{user: from, password: from}]
         imports: [{service: {account: TO, subject: "plant.>"}}
                   {service: {account: TO, subject: "bench.>"}}] }
}
"""

# The password is "benchmark"; a hash of cost 11.
BCRYPT = """
authorization {
  timeout: 120
  users: [{user: traffic, password: traffic}
          {user: slow, password: "$2b$11$MidgeBenchmarkRowSalt..e547wZKV0WtZcTKSijceU15cXJ.tXu"}]
}
"""

# $HTTP: a free port.
MONITORING = 'http: "127.0.0.1:$HTTP"\n'

# $STORE: a folder that goes with the server.
JETSTREAM = 'jetstream { store_dir: "$STORE" }\n'


def jetstream(more):
    return JETSTREAM.replace("}", more + " }")
