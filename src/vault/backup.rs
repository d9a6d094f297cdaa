//! Backups: a whole database as one age file, which the standard `age` tool opens as well.
//!
//! What is inside is sealed field by field anyway; the backup adds that a lost disk does not even tell how many students,
//! files and notes a school has.

use std::io::{self, Read, Write};
use std::str::FromStr as _;

use age::{DecryptError, Decryptor, Encryptor, x25519};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{Error, Result};

/// Who can open a backup.
pub enum BackupFor {
    /// Whoever holds the secret half of one of these keys (`age1…`).
    Keys(Vec<x25519::Recipient>),
    /// Whoever knows the passphrase.
    Passphrase(SecretString),
}

super::unprintable!(BackupFor);

/// With what a backup is opened.
pub enum BackupBy {
    /// The secret keys of an identity file.
    Keys(Vec<x25519::Identity>),
    /// A passphrase.
    Passphrase(SecretString),
}

super::unprintable!(BackupBy);

/// Why a backup could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum BackupProblem {
    /// It is no age file, was cut short, or a byte of it was changed.
    #[error("it is no backup, or it is damaged")]
    Damaged,
    /// It was made for somebody else, or the passphrase is another one.
    #[error("this key or passphrase does not open it")]
    OtherKey,
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl BackupFor {
    /// Reads public keys.
    ///
    /// # Errors
    /// [`Error::Malformed`] when one is no public key of age, or there is none.
    pub fn keys(texts: &[String]) -> Result<Self> {
        let keys: Vec<_> = texts
            .iter()
            .map(|text| x25519::Recipient::from_str(text.trim()).map_err(|_| Error::Malformed("public key")))
            .collect::<Result<_>>()?;
        if keys.is_empty() { Err(Error::Malformed("public key")) } else { Ok(Self::Keys(keys)) }
    }
}

impl BackupBy {
    /// Reads an identity file as `age-keygen` writes it: secret keys, comments and blank lines.
    ///
    /// # Errors
    /// [`Error::Malformed`] when a line is none of these, or there is no key.
    pub fn identity_file(text: &str) -> Result<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Vec<_> = lines
            .map(|line| x25519::Identity::from_str(line).map_err(|_| Error::Malformed("identity file")))
            .collect::<Result<_>>()?;
        if keys.is_empty() { Err(Error::Malformed("identity file")) } else { Ok(Self::Keys(keys)) }
    }
}

/// Seals everything from a reader into a writer.
///
/// # Errors
/// [`BackupProblem::Io`].
pub fn seal_backup(mut from: impl Read, to: impl Write, who: BackupFor) -> std::result::Result<(), BackupProblem> {
    let encryptor = match who {
        BackupFor::Passphrase(passphrase) => Encryptor::with_user_passphrase(passphrase),
        BackupFor::Keys(keys) => {
            let keys = keys.iter().map(|key| key as &dyn age::Recipient);
            Encryptor::with_recipients(keys).map_err(|error| io::Error::other(error.to_string()))?
        }
    };
    let mut sealed = encryptor.wrap_output(to)?;
    copy(&mut from, &mut sealed)?;
    sealed.finish()?.flush()?;
    Ok(())
}

/// Opens a backup into a writer. What was written counts only when this returned without an error: the end of the file is
/// authenticated last.
///
/// # Errors
/// [`BackupProblem`].
pub fn open_backup(from: impl Read, mut to: impl Write, by: BackupBy) -> std::result::Result<(), BackupProblem> {
    let decryptor = Decryptor::new_buffered(io::BufReader::new(from)).map_err(problem)?;
    let mut opened = match by {
        BackupBy::Keys(keys) => decryptor.decrypt(keys.iter().map(|key| key as &dyn age::Identity)).map_err(problem)?,
        BackupBy::Passphrase(passphrase) => {
            let identity = age::scrypt::Identity::new(passphrase);
            decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(problem)?
        }
    };
    copy(&mut opened, &mut to).map_err(|error| match error.kind() {
        // age says with these that a piece is missing or does not fit its seal.
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => BackupProblem::Damaged,
        _ => BackupProblem::Io(error),
    })?;
    to.flush()?;
    Ok(())
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = Zeroizing::new(vec![0; 64 * 1024]);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(some) => to.write_all(&buffer[..some])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn problem(error: DecryptError) -> BackupProblem {
    match error {
        DecryptError::Io(cause)
            if !matches!(cause.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) =>
        {
            BackupProblem::Io(cause)
        }
        DecryptError::NoMatchingKeys
        | DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed
        | DecryptError::ExcessiveWork { .. } => BackupProblem::OtherKey,
        _ => BackupProblem::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use age::secrecy::ExposeSecret as _;
    use proptest::prelude::*;

    fn sealed(content: &[u8], to: &x25519::Identity) -> Vec<u8> {
        let mut out = Vec::new();
        seal_backup(content, &mut out, BackupFor::Keys(vec![to.to_public()])).unwrap();
        out
    }

    fn opened(sealed: &[u8], by: &x25519::Identity) -> std::result::Result<Vec<u8>, BackupProblem> {
        let mut out = Vec::new();
        open_backup(sealed, &mut out, BackupBy::Keys(vec![by.clone()])).map(|()| out)
    }

    #[test]
    fn a_backup_is_a_plain_age_file_for_any_of_its_keys() {
        let (one, two, other) =
            (x25519::Identity::generate(), x25519::Identity::generate(), x25519::Identity::generate());
        let texts = [one.to_public().to_string(), format!(" {}\n", two.to_public())];
        let mut out = Vec::new();
        seal_backup(&b"a database"[..], &mut out, BackupFor::keys(&texts).unwrap()).unwrap();
        assert_eq!(age::decrypt(&one, &out).unwrap(), b"a database");
        assert_eq!(opened(&out, &two).unwrap(), b"a database");
        assert!(matches!(opened(&out, &other), Err(BackupProblem::OtherKey)));
    }

    #[test]
    fn a_passphrase_opens_what_it_sealed_and_another_does_not() {
        let mut out = Vec::new();
        let phrase = |text: &str| SecretString::from(text.to_owned());
        seal_backup(&b"a database"[..], &mut out, BackupFor::Passphrase(phrase("horse"))).unwrap();
        let open = |by| {
            let mut text = Vec::new();
            open_backup(out.as_slice(), &mut text, by).map(|()| text)
        };
        assert_eq!(open(BackupBy::Passphrase(phrase("horse"))).unwrap(), b"a database");
        assert!(matches!(open(BackupBy::Passphrase(phrase("rain"))), Err(BackupProblem::OtherKey)));
        let key = BackupBy::Keys(vec![x25519::Identity::generate()]);
        assert!(matches!(open(key), Err(BackupProblem::OtherKey)));
    }

    #[test]
    fn an_identity_file_is_read_with_its_comments_and_nothing_else() {
        let key = x25519::Identity::generate();
        let text = format!("# created: today\n# public key: age1\n\n{}\n", key.to_string().expose_secret());
        let sealed = sealed(b"text", &key);
        let mut out = Vec::new();
        open_backup(sealed.as_slice(), &mut out, BackupBy::identity_file(&text).unwrap()).unwrap();
        assert_eq!(out, b"text");
        for text in ["", "# nothing", "age1notasecret", "AGE-SECRET-KEY-1"] {
            assert_eq!(BackupBy::identity_file(text).unwrap_err(), Error::Malformed("identity file"), "{text}");
        }
        for texts in [&[][..], &["age1".to_owned()]] {
            assert_eq!(BackupFor::keys(texts).unwrap_err(), Error::Malformed("public key"));
        }
    }

    #[test]
    fn backup_truncated_at_a_chunk_border() {
        let key = x25519::Identity::generate();
        let sealed = sealed(&vec![7; 3 * 64 * 1024], &key);
        for cut in [0, 10, sealed.len() - 64 * 1024, sealed.len() - 1] {
            assert!(matches!(opened(&sealed[..cut], &key), Err(BackupProblem::Damaged)), "{cut}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn backup_with_any_flipped_byte(at in any::<prop::sample::Index>(), flip in 1..=255u8) {
            let key = x25519::Identity::generate();
            let mut sealed = sealed(&[9; 5000], &key);
            let at = at.index(sealed.len());
            sealed[at] ^= flip;
            prop_assert!(opened(&sealed, &key).is_err());
        }
    }
}
