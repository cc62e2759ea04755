#!/bin/sh
# Makes the secrets that compose.yaml hands to the services, once, in the folder secrets/. Keep a copy of master-key elsewhere:
# without it nobody can sign in.
set -eu
cd "$(dirname "$0")"

# 32 bytes of chance in hexadecimal: what `poolhouse keys new-master` prints, too.
chance() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

umask 077
mkdir -p secrets
for name in master-key root-secret mongodb-root mongodb-poolhouse; do
  [ -e "secrets/$name" ] || chance >"secrets/$name"
done
printf 'mongodb://poolhouse:%s@mongodb/poolhouse' "$(cat secrets/mongodb-poolhouse)" >secrets/store-url

# Compose hands files over as they are, and the services are not the one who made them: the folder stays shut, its files are
# readable to who is given them.
chmod 700 secrets
chmod 644 secrets/*
