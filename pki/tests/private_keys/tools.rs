//! Private keys of the tools of this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::WrittenKey;

/// A tool, its Debian package, and a script that writes keys into the current folder.
const TOOLS: [(&str, &str, &str); 6] = [
    (
        "openssl",
        "openssl",
        r"
for algorithm in ed25519 ed448 x25519; do openssl genpkey -algorithm $algorithm -out $algorithm.pem; done
for curve in P-256 P-384 P-521 secp256k1; do
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve -out ec-$curve.pem
  openssl ec -in ec-$curve.pem -out ec-$curve-sec1.pem
  openssl ec -in ec-$curve.pem -outform DER -out ec-$curve-sec1.der
  openssl ec -in ec-$curve.pem -text -noout > ec-$curve.txt
done
openssl ecparam -name prime256v1 -genkey -param_enc explicit -out ec-explicit.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out rsa-pss.pem
openssl genrsa -traditional -primes 3 -out rsa-three-primes.pem 2048
openssl rsa -in rsa.pem -traditional -out rsa-pkcs1.pem
openssl rsa -in rsa.pem -traditional -outform DER -out rsa-pkcs1.der
openssl rsa -in rsa.pem -traditional -aes128 -passout pass:secret -out rsa-encrypted.pem
openssl rsa -in rsa.pem -text -noout > rsa.txt
openssl pkey -in ed25519.pem -text -noout > ed25519.txt
openssl rsa -in rsa.pem -outform MSBLOB -out rsa.msblob
openssl rsa -in rsa.pem -outform PVK -pvk-none -out rsa.pvk
openssl rsa -in rsa.pem -outform PVK -pvk-weak -passout pass:secret -out rsa-weak.pvk -provider legacy -provider default || rm -f rsa-weak.pvk
openssl asn1parse -in rsa-pkcs1.pem > rsa-asn1parse.txt
openssl dsaparam -genkey -noout -out dsa.pem 1024
openssl dsa -in dsa.pem -outform DER -out dsa.der
for key in rsa ec-P-256 ed25519; do
  openssl pkcs8 -topk8 -nocrypt -in $key.pem -outform DER -out $key-pkcs8.der
  for cipher in '-v2 aes256' '-v2 aes128 -v2prf hmacWithSHA1' '-scrypt' '-v1 PBE-SHA1-3DES'; do
    name=$key-pkcs8$(echo $cipher | tr -d ' ')
    openssl pkcs8 -topk8 $cipher -passout pass:secret -in $key.pem -out $name.pem
    openssl pkcs8 -topk8 $cipher -passout pass:secret -in $key.pem -outform DER -out $name.der
  done
  openssl req -x509 -new -key $key.pem -subj /CN=a -out $key.crt
  openssl pkcs12 -export -inkey $key.pem -in $key.crt -passout pass:secret -out $key.p12
  openssl pkcs12 -export -inkey $key.pem -in $key.crt -passout pass:secret -keypbe NONE -certpbe NONE -nomac -out $key-plain.p12
  rm $key.crt
done
",
    ),
    (
        "ssh-keygen",
        "openssh-client",
        r"
for type in rsa ecdsa ed25519; do
  ssh-keygen -q -t $type -N '' -C a -f ssh-$type
  ssh-keygen -q -t $type -N secret -C a -f ssh-$type-encrypted
done
for format in PEM PKCS8; do
  ssh-keygen -q -t rsa -m $format -N '' -f ssh-rsa-$format
  ssh-keygen -q -t ecdsa -m $format -N '' -f ssh-ecdsa-$format
  ssh-keygen -q -t rsa -m $format -N secret -f ssh-rsa-$format-encrypted
done
rm *.pub
",
    ),
    (
        "keytool",
        "default-jre-headless",
        r"
for type in JKS JCEKS PKCS12; do
  keytool -genkeypair -keyalg EC -groupname secp256r1 -alias a -dname CN=a -storetype $type -keystore $type.store -storepass secret -keypass secret
done
keytool -exportcert -alias a -keystore JKS.store -storepass secret -file a.crt
keytool -importcert -noprompt -alias other -file a.crt -keystore JKS.store -storepass secret
rm a.crt
",
    ),
    (
        "gpg",
        "gnupg",
        r"
export GNUPGHOME=$PWD/home
mkdir -m 700 home
for kind in ed25519 rsa2048; do
  gpg --batch --quiet --passphrase '' --quick-generate-key $kind@example.com $kind
  gpg --batch --quiet --export-secret-keys $kind@example.com > pgp-$kind.gpg
  gpg --batch --quiet --armor --export-secret-keys $kind@example.com > pgp-$kind.asc
done
gpg --batch --quiet --pinentry-mode loopback --passphrase secret --quick-generate-key locked@example.com ed25519
gpg --batch --quiet --pinentry-mode loopback --passphrase secret --export-secret-keys locked@example.com > pgp-locked.gpg
gpgconf --kill all
rm -r home
",
    ),
    (
        "certtool",
        "gnutls-bin",
        r"
for type in rsa ecdsa ed25519; do
  certtool --generate-privkey --key-type $type --sec-param medium --no-text --outfile gnutls-$type.pem
  certtool --generate-privkey --key-type $type --sec-param medium --outder --no-text --outfile gnutls-$type.der
  certtool --generate-privkey --key-type $type --sec-param medium --pkcs8 --password secret --no-text --outfile gnutls-$type-pkcs8.pem
  certtool --key-info --infile gnutls-$type.pem > gnutls-$type.txt
done
",
    ),
    (
        "puttygen",
        "putty-tools",
        r"
for version in 2 3; do puttygen -q -t ed25519 --new-passphrase /dev/null --ppk-param version=$version -o putty-$version.ppk; done
puttygen -q -t rsa --new-passphrase /dev/null -O private-sshcom -o putty-sshcom.key
",
    ),
];

/// Packages for [`PYTHON`].
const REQUIREMENTS: &str = "cffi==2.1.1\ncryptography==50.0.2\njwcrypto==1.6.1\ntyping_extensions==4.16.0\n\
                            pycparser==3.12; python_version >= \"3.11\"\npycparser==3.11; python_version < \"3.11\"\n";

/// JSON Web Keys, the XML of .NET, and everything that cryptography writes.
const PYTHON: &str = r#"
import base64, json
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, dsa
from cryptography.hazmat.primitives.serialization import *
from cryptography.exceptions import UnsupportedAlgorithm
from jwcrypto import jwk

def write(name, octets):
    open(name, "wb").write(octets if isinstance(octets, bytes) else octets.encode())

keys = {
    "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ec": ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
}
for name, key in keys.items():
    for file, encoding in (("pem", Encoding.PEM), ("der", Encoding.DER)):
        for form_name, form in (("pkcs8", PrivateFormat.PKCS8), ("traditional", PrivateFormat.TraditionalOpenSSL), ("openssh", PrivateFormat.OpenSSH)):
            for cipher_name, cipher in (("plain", NoEncryption()), ("encrypted", BestAvailableEncryption(b"secret"))):
                try:
                    written = key.private_bytes(encoding, form, cipher)
                except (ValueError, TypeError, UnsupportedAlgorithm):
                    continue
                write(f"python-{name}-{form_name}-{cipher_name}.{file}", written)
    json_key = jwk.JWK.from_pem(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write(f"jwk-{name}.json", json_key.export())
    write(f"jwk-{name}-pretty.json", json.dumps(json.loads(json_key.export()), indent=2))
    keyset = jwk.JWKSet()
    keyset.add(json_key)
    write(f"jwks-{name}.json", keyset.export())
    write(f"jwk-{name}.py", repr(json.loads(json_key.export())))
write("jwk-oct.json", jwk.JWK.generate(kty="oct", size=256).export())
numbers = keys["rsa"].private_numbers()
def element(name, number):
    return f"<{name}>{base64.b64encode(number.to_bytes((number.bit_length() + 7) // 8, 'big')).decode()}</{name}>"
parts = [("Modulus", numbers.public_numbers.n), ("Exponent", numbers.public_numbers.e), ("P", numbers.p), ("Q", numbers.q),
         ("DP", numbers.dmp1), ("DQ", numbers.dmq1), ("InverseQ", numbers.iqmp), ("D", numbers.d)]
write("rsa.xml", "<RSAKeyValue>" + "".join(element(*part) for part in parts) + "</RSAKeyValue>")
write("rsa-lines.xml", "<RSAKeyValue>\n" + "\n".join("  " + element(*part) for part in parts) + "\n</RSAKeyValue>\n")
"#;

/// All of them.
pub(crate) fn keys() -> Vec<WrittenKey> {
    let mut keys = Vec::new();
    for (tool, package, script) in TOOLS {
        if Command::new(tool).arg("--version").stdin(Stdio::null()).output().is_err() {
            skip(&format!(
                "the keys of {tool}: it is not installed; install it with: apt-get install {package}"
            ));
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        succeed(Command::new("bash").args(["-euo", "pipefail", "-c", script]).current_dir(&folder));
        read(tool, folder.path(), &mut keys);
    }
    match python() {
        Ok(python) => {
            let folder = tempfile::tempdir().unwrap();
            succeed(Command::new(python).args(["-c", PYTHON]).current_dir(&folder));
            read("python", folder.path(), &mut keys);
        }
        Err(reason) => skip(&format!("the keys of Python: {reason}")),
    }
    keys
}

fn read(tool: &str, folder: &Path, keys: &mut Vec<WrittenKey>) {
    let before = keys.len();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{tool} {}", path.file_name().unwrap().to_string_lossy());
        keys.push(WrittenKey { name, octets: fs::read(path).unwrap() });
    }
    eprintln!("{tool}: {} keys", keys.len() - before);
}

/// The interpreter of an environment with the packages, made once.
fn python() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("private-keys-venv");
    let (python, marker) = (folder.join("bin/python"), folder.join("complete.txt"));
    if python.exists() && fs::read_to_string(&marker).is_ok_and(|text| text == REQUIREMENTS) {
        return Ok(python);
    }
    let run = |command: &mut Command| match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    };
    fs::create_dir_all(env!("CARGO_TARGET_TMPDIR")).unwrap();
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let list = folder.join("requirements.txt");
    fs::write(&list, REQUIREMENTS).unwrap();
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"];
    run(Command::new(&python).args(install).arg(&list))?;
    fs::write(&marker, REQUIREMENTS).unwrap();
    Ok(python)
}

fn succeed(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn skip(what: &str) {
    let message = format!("SKIPPED {what}");
    assert!(std::env::var_os("COUNTERSIGN_NO_SKIPS").is_none(), "{message}");
    eprintln!("{message}");
}
