#!/usr/bin/env bash
# From the folder that pyinstaller made to what people download. Runs on Linux, macOS and Windows (Git's bash).
#
#   bash resources/packaging/release.sh keychain   macOS, before pyinstaller: the certificate, so that it can sign
#   bash resources/packaging/release.sh pack       signs, packs, notarises; the result is in dist/release
#   bash resources/packaging/release.sh publish TAG FOLDER   checksums of a folder, what running programs ask for
#                                                            (latest.json), and all of it to the release of a tag
#
# What signs is read from the environment, and where it is missing the step is left out, with a sentence:
#   MACOS_CERTIFICATE (a .p12 in base64), MACOS_CERTIFICATE_PASSWORD, MACOS_IDENTITY (read by captioner.spec too)
#   NOTARY_KEY (a .p8 in base64), NOTARY_KEY_ID, NOTARY_ISSUER
#   WINDOWS_CERTIFICATE (a .pfx in base64), WINDOWS_CERTIFICATE_PASSWORD
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# The first that is Python at all: on Windows python3 may be a stub that opens the Microsoft Store.
for python in python python3 ""; do
    if "$python" -c 'import tomllib' 2>/dev/null; then break; fi
done
[[ -n $python ]] || {
    printf '%s\n' "Python 3.11 or newer is not on this machine." >&2
    exit 1
}
# without a line end, of which Windows has another one
version=$("$python" -c 'import sys, tomllib; sys.stdout.write(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')
output=dist/release
secrets=$(mktemp -d)
trap 'rm -rf "$secrets"' EXIT

say() { printf '%s\n' "$1"; }

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

# Whether all variables are set; says which one is not.
given() {
    local what=$1 name
    shift
    for name in "$@"; do
        if [[ -z ${!name:-} ]]; then
            say "$what is left out: $name is not set."
            return 1
        fi
    done
}

# Write a secret to a file that nobody else can read; print the file's name.
secret_file() {
    (umask 077 && "$python" -c 'import base64, os, sys; sys.stdout.buffer.write(base64.b64decode(os.environ[sys.argv[1]]))' \
        "$1" >"$secrets/$2")
    printf '%s' "$secrets/$2"
}

make_keychain() {
    local certificate keychain password
    given "Signing for macOS" MACOS_CERTIFICATE MACOS_CERTIFICATE_PASSWORD MACOS_IDENTITY || return 0
    certificate=$(secret_file MACOS_CERTIFICATE certificate.p12)
    keychain=$HOME/Library/Keychains/captioner-release.keychain-db
    password=$("$python" -c 'import secrets, sys; sys.stdout.write(secrets.token_urlsafe(24))')
    security create-keychain -p "$password" "$keychain"
    security set-keychain-settings -lut 21600 "$keychain"
    security unlock-keychain -p "$password" "$keychain"
    security import "$certificate" -P "$MACOS_CERTIFICATE_PASSWORD" -k "$keychain" -T /usr/bin/codesign
    security set-key-partition-list -S apple-tool:,apple: -s -k "$password" "$keychain" >/dev/null
    security list-keychains -d user -s "$keychain" login.keychain-db
}

pack_linux() {
    local name
    name=captioner-$version-linux-$(uname -m)
    # the same tree is the same archive, bit for bit
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@${SOURCE_DATE_EPOCH:-0}" -C dist \
        --transform "s,^captioner,$name," -cJf "$output/$name.tar.xz" captioner
}

# A signature that lost the entitlements looks valid, and the microphone is silent for ever.
check_entitlements() {
    local app=$1 key
    codesign --verify --deep --strict "$app"
    codesign --display --entitlements - --xml "$app" >"$secrets/entitlements" 2>/dev/null
    for key in com.apple.security.device.audio-input com.apple.security.cs.allow-unsigned-executable-memory; do
        grep -qF "$key" "$secrets/entitlements" || fail "The signature of $app does not hold the entitlement $key."
    done
}

# Something on the machine may just be looking into the folder: "Resource busy"
# (https://github.com/actions/runner-images/issues/7522).
make_image() {
    local folder=$1 image=$2
    for _ in 1 2 3 4 5; do
        if hdiutil create -volname Captioner -srcfolder "$folder" -fs HFS+ -format UDZO -ov "$image"; then return 0; fi
        sleep 10
    done
    fail "hdiutil could not make $image."
}

pack_macos() {
    local app=dist/Captioner.app image folder key
    image=$output/captioner-$version-macos-$(uname -m).dmg
    check_entitlements "$app"
    folder=$(mktemp -d)
    cp -R "$app" "$folder/"
    ln -s /Applications "$folder/Applications"
    make_image "$folder" "$image"
    rm -rf "$folder"
    given "Signing for macOS" MACOS_IDENTITY || return 0
    codesign --sign "$MACOS_IDENTITY" --timestamp "$image"
    given "Notarisation" NOTARY_KEY NOTARY_KEY_ID NOTARY_ISSUER || return 0
    key=$(secret_file NOTARY_KEY notary.p8)
    xcrun notarytool submit "$image" --key "$key" --key-id "$NOTARY_KEY_ID" --issuer "$NOTARY_ISSUER" --wait
    xcrun stapler staple "$image"
}

# Sign files of Windows in place.
sign_windows() {
    local tool certificate
    given "Signing for Windows" WINDOWS_CERTIFICATE WINDOWS_CERTIFICATE_PASSWORD || return 0
    tool=$(command -v signtool || compgen -G '/c/Program Files (x86)/Windows Kits/10/bin/*/x64/signtool.exe' | tail -1 || true)
    [[ -n $tool ]] || fail "signtool is not on this machine: install the Windows SDK."
    certificate=$(secret_file WINDOWS_CERTIFICATE certificate.pfx)
    # Git's bash takes options with a slash for paths
    MSYS_NO_PATHCONV=1 "$tool" sign /fd SHA256 /td SHA256 /tr http://timestamp.digicert.com \
        /f "$(windows_path "$certificate")" /p "$WINDOWS_CERTIFICATE_PASSWORD" "$@"
}

windows_path() { if command -v cygpath >/dev/null; then cygpath -w "$1"; else printf '%s' "$1"; fi; }

pack_windows() {
    local compiler numbers=${version%%[!0-9.]*} # of 1.2.3rc1: Windows knows no others
    sign_windows dist/captioner/captioner.exe dist/captioner/captionerw.exe
    compiler=$(command -v iscc || compgen -G '/c/Program Files (x86)/Inno Setup 6/ISCC.exe' || true)
    [[ -n $compiler ]] || fail "Inno Setup is not on this machine: https://jrsoftware.org/isinfo.php"
    MSYS_NO_PATHCONV=1 "$compiler" /Q "/DVersion=$version" "/DNumbers=${numbers%.}" "/DSource=$(windows_path "$PWD/dist/captioner")" \
        "/DOutput=$(windows_path "$PWD/$output")" 'resources\packaging\captioner.iss'
    sign_windows "$output/captioner-$version-windows-x86_64-setup.exe"
}

pack() {
    mkdir -p "$output"
    case $(uname -s) in
        Linux) pack_linux ;;
        Darwin) pack_macos ;;
        MINGW* | MSYS*) pack_windows ;;
        *) fail "There is no release for $(uname -s)." ;;
    esac
    ls -l "$output"
}

publish() {
    local tag=${1:?"the tag is missing"} folder=${2:?"the folder is missing"} page kind=()
    [[ $tag == "v$version" ]] || fail "The tag is $tag, but pyproject.toml says $version."
    page=$(gh repo view --json url --jq .url)/releases/tag/$tag
    "$python" -c 'import json, sys; print(json.dumps({"version": sys.argv[1], "url": sys.argv[2]}, indent=2))' \
        "$version" "$page" >"$folder/latest.json"
    (cd "$folder" && rm -f SHA256SUMS && sha256sum -- * >"$secrets/SHA256SUMS" && mv "$secrets/SHA256SUMS" .)
    # so that …/releases/latest/download/latest.json never tells everybody of a trial
    if [[ $version =~ (a|b|rc|dev)[0-9] ]]; then kind=(--prerelease); fi
    gh release create "$tag" --verify-tag --title "Captioner $version" --generate-notes ${kind[@]+"${kind[@]}"} "$folder"/*
}

case ${1:-} in
    keychain) make_keychain ;;
    pack) pack ;;
    publish) publish "${@:2}" ;;
    *) fail "usage: bash resources/packaging/release.sh keychain|pack|publish TAG FOLDER" ;;
esac
