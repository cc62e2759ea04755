// The user of the database that Poolhouse is, with the rights that it uses and no more. Run it once, as an administrator:
//   POOLHOUSE_DATABASE_PASSWORD=... mongosh mongodb://admin@db1/poolhouse deploy/mongodb.js
// In a container that keeps secrets in files (deploy/compose) it is run by the first start.
//
// Poolhouse writes single documents with single commands. It needs no transaction, no administration, no other database, and
// it never drops anything.

const fs = require("fs");
const file = "/run/secrets/mongodb-poolhouse";
const password = process.env.POOLHOUSE_DATABASE_PASSWORD || fs.readFileSync(file, "utf8").trim();
const database = db.getSiblingDB("poolhouse");

database.createRole({
  role: "poolhouse",
  roles: [],
  privileges: [
    {
      resource: { db: "poolhouse", collection: "" },
      actions: ["find", "insert", "update", "createIndex"],
    },
  ],
});
database.createUser({ user: "poolhouse", pwd: password, roles: [{ role: "poolhouse", db: "poolhouse" }] });
