"""Goes through what CARTO's Python client can do with the SQL API: BASE_URL, API_KEY and a folder in the arguments."""

import os
import sys
import time

from carto.auth import APIKeyAuthClient
from carto.exceptions import CartoException
from carto.sql import BatchSQLClient, CopySQLClient, SQLClient

base_url, api_key, folder = sys.argv[1:]
auth = APIKeyAuthClient(base_url=base_url, api_key=api_key)


def equal(got, want):
    if got != want:
        sys.exit("got %r, want %r" % (got, want))


sql = SQLClient(auth)
sql.send("CREATE TABLE people(a int, b text)")
equal(sql.send("INSERT INTO people VALUES (1, 'x'), (2, 'é%+&')")["total_rows"], 2)
equal(sql.send("SELECT * FROM people ORDER BY a")["rows"], [{"a": 1, "b": "x"}, {"a": 2, "b": "é%+&"}])
equal(sql.send("SELECT * FROM people ORDER BY a", format="csv"), "a,b\r\n1,x\r\n2,é%+&\r\n".encode())
equal(sql.send("SELECT 'long' AS a, '" + "x" * 100000 + "' AS b", do_post=True)["rows"][0]["a"], "long")
try:
    sql.send("SELECT nosuch")
    sys.exit("no error")
except CartoException as e:
    if 'column "nosuch" does not exist' not in str(e):
        sys.exit("another error: %s" % e)

batch = BatchSQLClient(auth)
job = batch.create(["INSERT INTO people VALUES (3, 'job')"])
for _ in range(200):
    job = batch.read(job["job_id"])
    if job["status"] not in ("pending", "running"):
        break
    time.sleep(0.1)
equal(job["status"], "done")
try:
    batch.cancel(job["job_id"])
    sys.exit("a job that is done was canceled")
except CartoException:
    pass

copy = CopySQLClient(auth)
equal(copy.copyfrom("COPY people FROM STDIN WITH (FORMAT csv)", [b"4,a\n", b"5,b\n"])["total_rows"], 2)
source = os.path.join(folder, "in.csv")
with open(source, "w") as f:
    f.write("6,y\n")
equal(copy.copyfrom_file_path("COPY people FROM STDIN WITH (FORMAT csv)", source, compress=True)["total_rows"], 1)
target = os.path.join(folder, "out.csv")
copy.copyto_file_path("COPY (SELECT a FROM people ORDER BY a) TO STDOUT", target)
with open(target) as f:
    equal(f.read(), "1\n2\n3\n4\n5\n6\n")
