//! The ways in which a notice leaves the house: mail, and the robots of 企业微信 and 钉钉 groups. It never says what waits.

use super::clock::{HOUR, MINUTE};
use super::words::words;

words! {
    /// A way out.
    Channel {
        /// mail, to each person who gave an address
        Mail = "mail",
        /// a robot of a 企业微信 group
        Wecom = "wecom",
        /// a robot of a 钉钉 group
        Dingtalk = "dingtalk",
    }
}

impl Channel {
    /// Those that speak to a group of the school rather than to one person.
    pub const ROBOTS: &'static [Self] = &[Self::Wecom, Self::Dingtalk];
}

words! {
    /// Where a message stands.
    Sending {
        /// it is sent, or tried again
        Waiting = "waiting",
        /// the other side took it
        Sent = "sent",
        /// given up
        Dead = "dead",
    }
}

words! {
    /// Why a message did not get out. A closed list: an answer of the other side could say anything.
    Fault {
        /// no connection
        Unreachable = "unreachable",
        /// connected, and then no answer in time
        Timeout = "timeout",
        /// the certificate or the encryption is not right
        Encryption = "encryption",
        /// user and password are not taken
        Password = "password",
        /// the other side does not take the message
        Refused = "refused",
        /// the other side is out of order
        ServerError = "server_error",
        /// the other side wants to send us elsewhere, and we do not go
        Redirect = "redirect",
        /// the settings cannot be read or are no address
        Settings = "settings",
        /// the server ended while sending
        Interrupted = "interrupted",
    }
}

words! {
    /// How the connection to a mail server is encrypted.
    Encryption {
        /// from the first byte on (mostly port 465)
        Tls = "tls",
        /// after a greeting in clear (mostly port 587)
        Starttls = "starttls",
    }
}

/// How long after the n-th try a message is tried again, microseconds; after the last it is given up.
const AGAIN: [i64; 4] = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR];

/// How long to wait after the `tries`-th try, microseconds; none when that was the last.
#[must_use]
pub fn again_after(tries: i64) -> Option<i64> {
    usize::try_from(tries).ok()?.checked_sub(1).and_then(|n| AGAIN.get(n).copied())
}

/// The parts of an address that a robot is reached at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress {
    /// Whether the connection is encrypted.
    pub secure: bool,
    /// The name of the server, or its number in `[…]` for IPv6.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

impl WebAddress {
    /// Reads an address. None unless it is `https://…`, or `http://…` of this very machine; with a user name in it, a `#` or
    /// anything but printable ASCII it is none either.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (secure, rest) = match text.split_once("://")? {
            (scheme, rest) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            (scheme, rest) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return None,
        };
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) || rest.contains(['#', '\\', '"', '<', '>']) {
            return None;
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (place, path) = rest.split_at(end);
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            _ => (place, if secure { 443 } else { 80 }),
        };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let found = Self { secure, host: host.to_ascii_lowercase(), port, path };
        (found.is_host() && port != 0 && (secure || found.is_here())).then_some(found)
    }

    fn is_host(&self) -> bool {
        let is_number = |text: &str| text.parse::<std::net::Ipv6Addr>().is_ok();
        match self.host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(number) => is_number(number),
            None => {
                !self.host.is_empty()
                    && self.host.len() <= 253
                    && self.host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
            }
        }
    }

    /// Whether it is an address of this very machine.
    fn is_here(&self) -> bool {
        let number = self.host.trim_start_matches('[').trim_end_matches(']');
        number.parse::<std::net::IpAddr>().is_ok_and(|number| number.is_loopback())
    }
}

/// Whether a text can be a mail address: one `@` with something on both sides, no blanks, no line ends, at most 254 bytes.
#[must_use]
pub fn is_mail_address(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let plain = |text: &str, more: &[u8]| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    text.len() <= 254
        && name.len() <= 64
        && plain(name, b"!#$%&'*+-/=?^_`{|}~.")
        && plain(host, b"-.")
        && host.split('.').all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_five_times_over_an_hour_and_twenty_minutes() {
        let waits: Vec<_> = (0..=6).map(again_after).collect();
        assert_eq!(waits, [None, Some(MINUTE), Some(5 * MINUTE), Some(15 * MINUTE), Some(HOUR), None, None]);
    }

    #[test]
    fn a_robot_is_reached_over_https_only_or_on_this_very_machine() {
        let robot = WebAddress::parse("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0f-1").unwrap();
        assert_eq!((robot.secure, robot.host.as_str(), robot.port), (true, "qyapi.weixin.qq.com", 443));
        assert_eq!(robot.path, "/cgi-bin/webhook/send?key=0f-1");
        let other = WebAddress::parse("HTTPS://Example.edu.cn:8443?x=1").unwrap();
        assert_eq!((other.host.as_str(), other.port, other.path.as_str()), ("example.edu.cn", 8443, "/?x=1"));
        assert!(!WebAddress::parse("http://127.0.0.1:9000/hook").unwrap().secure);
        assert_eq!(WebAddress::parse("http://[::1]:9000/hook").unwrap().port, 9000);
        for wrong in [
            "",
            "qyapi.weixin.qq.com/x",
            "http://qyapi.weixin.qq.com/x",
            "http://127.0.0.1.example.com/",
            "http://localhost/",
            "http://10.0.0.1/",
            "ftp://example.com/",
            "https://",
            "https:///path",
            "https://user:word@example.com/",
            "https://example.com:0/",
            "https://example.com:99999/",
            "https://exam ple.com/",
            "https://example.com/a b",
            "https://example.com/\r\nx: y",
            "https://example.com/#part",
            "https://[::1/",
            "https://例子.cn/",
            "file:///etc/passwd",
        ] {
            assert_eq!(WebAddress::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_mail_address_is_one_line_with_one_at() {
        for right in ["li@example.edu.cn", "li.min+x@a-b.cn", "12345678@qq.com"] {
            assert!(is_mail_address(right), "{right}");
        }
        let long = format!("{}@example.cn", "a".repeat(65));
        for wrong in
            ["", "li", "li@", "@x.cn", "li@x..cn", "li@x.cn\r\nbcc: y@z", "li min@x.cn", "a@b@c", "李@x.cn", &long]
        {
            assert!(!is_mail_address(wrong), "{wrong}");
        }
    }
}
