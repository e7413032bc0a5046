//! Commands that make a key and a CSR with typed names.
//!
//! Invariant: a typed name is either in the commands or in [`TypedNames::left_out`]. A name is quoted for the program
//! that reads it, and then for the shell, so no name ends the text it stands in.

pub(crate) mod clients;

use pki::csr::MAX_NAMES;
use pki::name::Name;
use workflow::finding::Finding;

/// X.520, upper bound of a common name: openssl refuses a longer one.
const MAX_COMMON_NAME: usize = 64;
/// Stands in the commands before any name is typed.
const EXAMPLE: &str = "www.example.com";

/// The typed names.
#[derive(Debug, Default)]
pub(crate) struct TypedNames {
    /// The valid names, each once.
    pub(crate) names: Vec<Name>,
    /// Texts that are not valid names, with the finding.
    pub(crate) left_out: Vec<(String, Finding)>,
    /// Valid names beyond the most names of a request.
    pub(crate) beyond: Vec<Name>,
    common_name: ChosenCommonName,
}

/// The common name of the subject in the commands.
#[derive(Debug, Default)]
enum ChosenCommonName {
    /// The first host name or address that fits.
    #[default]
    First,
    /// That of a certificate, if it has one.
    OfCertificate(Option<Name>),
}

impl TypedNames {
    /// Reads names separated by blanks, commas or semicolons.
    pub(crate) fn read(typed: &str) -> Self {
        let mut read = Self::default();
        let words =
            typed.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|word| !word.is_empty());
        for word in words {
            match word.parse::<Name>() {
                Ok(name) if read.names.contains(&name) => {}
                Ok(name) if read.names.len() < MAX_NAMES => read.names.push(name),
                Ok(name) if read.beyond.contains(&name) => {}
                Ok(name) => read.beyond.push(name),
                Err(_) if read.left_out.iter().any(|(earlier, _)| earlier == word) => {}
                Err(error) => read.left_out.push((word.to_owned(), error.into())),
            }
        }
        read
    }

    /// The names and the common name of a certificate, so that the subject stays as well. `None` if a command has no form
    /// for one of the names.
    pub(crate) fn of_certificate(names: &[String], subject: &str) -> Option<Self> {
        // A comma would begin the next name, as would a blank.
        let can_be_written =
            |name: &&String| !name.contains(|c: char| c.is_whitespace() || c == ',' || c == ';');
        let names: Vec<Name> = names
            .iter()
            .map(|name| Some(name).filter(can_be_written).and_then(|name| name.parse().ok()))
            .collect::<Option<_>>()?;
        let common_name = subject.strip_prefix("CN=").map(|rest| rest.split(',').next().unwrap_or(rest));
        let common_name = common_name.and_then(|text| text.parse::<Name>().ok());
        Some(Self { names, common_name: ChosenCommonName::OfCertificate(common_name), ..Self::default() })
    }

    /// The names of an example.
    pub(crate) fn example() -> Self {
        Self { names: vec![Name::Dns(EXAMPLE.to_owned())], ..Self::default() }
    }

    /// `openssl req` for these names, for bash and other POSIX shells; `None` without names.
    pub(crate) fn openssl(&self) -> Option<String> {
        if self.names.is_empty() {
            return None;
        }
        let subject = self.common_name().map_or_else(|| "/".to_owned(), |name| format!("/CN={name}"));
        let names: Vec<String> = self.names.iter().map(openssl_name).collect();
        Some(format!(
            "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\\n  -keyout {} -out request.csr \\\n  \
             -subj {} \\\n  -addext {}",
            self.key_file(),
            shell_quoted(&subject),
            shell_quoted(&format!("subjectAltName={}", names.join(",")))
        ))
    }

    /// The same with certreq, for PowerShell; `None` without names that it can carry.
    pub(crate) fn powershell(&self) -> Option<String> {
        let names: Vec<String> = self.names.iter().filter_map(certreq_name).collect();
        if names.is_empty() {
            return None;
        }
        let subject = self.common_name().map(|name| format!("Subject = \"CN={name}\"\n")).unwrap_or_default();
        let lines: Vec<String> = names.iter().map(|name| format!("_continue_ = \"{name}&\"")).collect();
        Some(format!(
            "@'\n[NewRequest]\n{subject}KeyAlgorithm = ECDSA_P256\nKeyLength = 256\nHashAlgorithm = SHA256\n\
             MachineKeySet = TRUE\nExportable = FALSE\nRequestType = PKCS10\n[Extensions]\n2.5.29.17 = \"{{text}}\"\n{}\n'@ | \
             Set-Content request.inf\ncertreq -new request.inf request.csr",
            lines.join("\n")
        ))
    }

    /// The names that [`TypedNames::powershell`] leaves out: the input of certreq has no form for them.
    pub(crate) fn not_in_powershell(&self) -> Vec<&Name> {
        self.names.iter().filter(|name| certreq_name(name).is_none()).collect()
    }

    /// The file of the new key. That of a certificate in use may have the usual name in the same folder, and stays.
    fn key_file(&self) -> &'static str {
        match self.common_name {
            ChosenCommonName::First => "key.pem",
            ChosenCommonName::OfCertificate(_) => "new-key.pem",
        }
    }

    /// The common name of the subject.
    fn common_name(&self) -> Option<&Name> {
        let is_host = |name: &&Name| matches!(name, Name::Dns(_) | Name::Ip(_));
        let fits = |name: &&Name| name.to_string().chars().count() <= MAX_COMMON_NAME;
        match &self.common_name {
            ChosenCommonName::First => self.names.iter().filter(is_host).find(fits),
            ChosenCommonName::OfCertificate(name) => name.as_ref().filter(fits),
        }
    }
}

/// A name in a subjectAltName of openssl. The value is read as a line of a configuration file (config(5)), in which a
/// backslash quotes the next character. A name has no comma, which would begin the next name: commas separate typed names.
fn openssl_name(name: &Name) -> String {
    let kind = match name {
        Name::Dns(_) => "DNS",
        Name::Ip(_) => "IP",
        Name::Email(_) => "email",
        Name::Uri(_) => "URI",
    };
    let mut text = format!("{kind}:");
    for c in name.to_string().chars() {
        if matches!(c, '\\' | '$' | '#' | '"' | '\'' | '`') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// A name in the subjectAltName of an INF file. `&` ends a name there, `"` the text and `%` encloses variables.
fn certreq_name(name: &Name) -> Option<String> {
    let kind = match name {
        Name::Dns(_) => "dns",
        Name::Ip(_) => "ipaddress",
        Name::Email(_) => "email",
        Name::Uri(_) => "url",
    };
    let text = name.to_string();
    (!text.contains(['&', '"', '%'])).then(|| format!("{kind}={text}"))
}

/// POSIX shell: single quotes quote everything but a single quote.
fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_commands() {
        let typed = TypedNames::read("www.example.com, 10.0.0.1;me@example.com www.example.com");
        assert_eq!((typed.names.len(), typed.left_out.len()), (3, 0));
        insta::assert_snapshot!(format!("{}\n\n{}", typed.openssl().unwrap(), typed.powershell().unwrap()));
    }

    #[test]
    fn without_names_there_is_no_command() {
        let typed = TypedNames::read("not_a_name!");
        assert_eq!((typed.openssl(), typed.powershell()), (None, None));
        assert_eq!(typed.left_out[0].0, "not_a_name!");
    }

    #[test]
    fn names_are_quoted_for_the_program_and_for_the_shell() {
        let typed = TypedNames::read("o'neil$x#`@example.com https://www.example.com/a$b'c");
        let command = typed.openssl().unwrap();
        assert!(command.contains(r"email:o\'\''neil\$x\#\`@example.com,URI:"), "{command}");
        assert!(command.contains("-subj '/' "), "{command}");
    }

    #[test]
    fn certreq_gets_no_name_that_its_input_cannot_carry() {
        let typed =
            TypedNames::read("a&b@example.com a%b@example.com https://www.example.com/ www.example.com");
        let left_out: Vec<String> = typed.not_in_powershell().iter().map(ToString::to_string).collect();
        assert_eq!(left_out, ["a&b@example.com", "a%b@example.com"]);
        let command = typed.powershell().unwrap();
        assert!(
            command.contains("_continue_ = \"url=https://www.example.com/&\"\n_continue_ = \"dns="),
            "{command}"
        );
    }

    #[test]
    fn the_commands_of_a_certificate_keep_its_common_name() {
        let names = ["www.example.com".to_owned(), "api.example.com".to_owned()];
        let of = |subject: &str| TypedNames::of_certificate(&names, subject).unwrap().openssl().unwrap();
        assert!(of("CN=api.example.com,O=Example").contains("-subj '/CN=api.example.com' "));
        assert!(of("O=Example").contains("-subj '/' "));
        assert!(of("O=Example").contains("-keyout new-key.pem "), "the old key is still in use");
        assert!(of("CN=api.example.com").contains("DNS:www.example.com,DNS:api.example.com"));
        for name in ["https://www.example.com/a,b", "https://www.example.com/a;b"] {
            assert!(TypedNames::of_certificate(&[name.to_owned()], "").is_none(), "{name}");
        }
    }

    #[test]
    fn as_many_names_as_a_request_may_have() {
        let names: Vec<String> = (0..MAX_NAMES + 2).map(|n| format!("n{n}.example.com")).collect();
        let typed = TypedNames::read(&names.join(" "));
        assert_eq!((typed.names.len(), typed.beyond.len()), (MAX_NAMES, 2));
    }
}
