#!/usr/bin/env bash
# Installs the Debian packages that Squall links against, where they are missing, and checks Swift.
# Does nothing, within a moment, where all is there. Needs no answers.
set -euo pipefail

# What `Package.swift` links: NetCDF, OpenBLAS, UDUNITS, PROJ; pkg-config is how SwiftPM finds most.
readonly packages=(libnetcdf-dev libopenblas-dev libudunits2-dev libproj-dev pkg-config)
readonly least_swift=6.2

fail() {
  echo "set-up: $*" >&2
  exit 1
}

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    # pkgconf stands in for pkg-config on newer systems.
    if [[ $package == pkg-config ]] && command -v pkg-config >/dev/null; then continue; fi
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      echo "$package"
  done
}

install_packages() {
  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null ||
      fail "needs $* and you are neither root nor have sudo: ask for 'apt-get install $*'"
    as_root=(sudo)
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)

  # Lists older than the mirror name versions that it no longer has.
  echo "set-up: refreshing the package lists (apt-get update)"
  "${apt[@]}" update || echo "set-up: apt-get update failed; trying with the lists there are" >&2
  echo "set-up: installing $*"
  "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null ||
    fail "apt-get could not install $*: see its message above, then run 'apt-get install $*' yourself"
}

check_swift() {
  command -v swift >/dev/null || fail \
    "swift is not on PATH: install Swift $least_swift or newer from https://www.swift.org/install/linux/"
  local version
  version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+(\.[0-9]+)+).*/\1/p' |
    head -n 1)
  [[ -n $version ]] || fail "'swift --version' does not say a version: is $(command -v swift) complete?"
  if [[ $(printf '%s\n' "$least_swift" "$version" | sort -V | head -n 1) != "$least_swift" ]]; then
    fail "Swift $version is too old, $least_swift is needed: see https://www.swift.org/install/linux/"
  fi
}

if [[ $(uname -s) == Linux ]] && command -v dpkg-query >/dev/null && command -v apt-get >/dev/null
then
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]})); then
    echo "set-up: these Debian packages are missing and will be installed: ${missing[*]}"
    install_packages "${missing[@]}"
  fi
else
  echo "set-up: this is not Debian or Ubuntu, so nothing is installed: the build needs the headers" \
    "and libraries of netCDF-C, OpenBLAS, UDUNITS-2 and PROJ, and pkg-config" >&2
fi
check_swift
