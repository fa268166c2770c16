//! The PROXY protocol: a proxy writes the client's address before the first byte of the client.
//!
//! <https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt>, versions 1 (§2.1) and 2 (§2.2).

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

use super::TrustedProxies;

/// The first bytes of version 2. The shortest header of version 1 is longer, so as many can be read of either.
const V2_SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line of version 1, with its end.
const V1_MAX: usize = 107;
const V1_MALFORMED: ProxyProtocolError = ProxyProtocolError::Malformed("a line that is not of version 1");
/// Bytes of version 2 behind the signature: command, family, and the length of what follows.
const V2_FIXED: usize = 4;

impl TrustedProxies {
    /// Reads the header of the PROXY protocol from the start of a connection from `peer`, and returns the address of
    /// the client. No byte behind the header is read.
    ///
    /// A peer that is not trusted is the client itself: nothing is read, and a header that it sends is part of what the
    /// client says. A trusted peer has to send a header. Where the header names no client, as the commands `LOCAL` and
    /// `UNKNOWN` of health checks do, or a client without an IP address, the address is that of the proxy.
    ///
    /// # Errors
    /// If a trusted peer sends no valid header within `max_duration`. The connection has to be closed: the specification
    /// forbids guessing (§2).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use amf_remoting::address::TrustedProxies;
    ///
    /// let proxies = TrustedProxies::list(["127.0.0.1"])?;
    /// let mut stream = &b"PROXY TCP4 192.0.2.7 192.0.2.1 50000 1935\r\nhello"[..];
    /// let client = proxies.read_proxy_header(&mut stream, "127.0.0.1:9".parse()?, Duration::from_secs(5)).await?;
    /// assert_eq!((client, stream), ("192.0.2.7:50000".parse()?, &b"hello"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_proxy_header<S: AsyncRead + Unpin>(
        &self,
        stream: &mut S,
        peer: SocketAddr,
        max_duration: Duration,
    ) -> Result<SocketAddr, ProxyProtocolError> {
        if !self.is_trusted(peer.ip()) {
            return Ok(peer);
        }
        let client =
            timeout(max_duration, read_header(stream)).await.map_err(|_| ProxyProtocolError::Timeout)?;
        Ok(client?.unwrap_or(peer))
    }
}

async fn read_header<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Option<SocketAddr>, ProxyProtocolError> {
    let mut signature = [0; V2_SIGNATURE.len()];
    stream.read_exact(&mut signature).await?;
    if signature == *V2_SIGNATURE {
        read_v2(stream).await
    } else if signature.starts_with(b"PROXY ") {
        read_v1(stream, &signature).await
    } else {
        Err(ProxyProtocolError::Signature)
    }
}

/// Reads no more at a time than must still come, so that nothing of the client is read and would have to be put back.
async fn read_v1<S: AsyncRead + Unpin>(
    stream: &mut S,
    start: &[u8],
) -> Result<Option<SocketAddr>, ProxyProtocolError> {
    let mut line = Vec::with_capacity(V1_MAX);
    line.extend_from_slice(start);
    let mut more = [0; 2];
    while !line.ends_with(b"\r\n") {
        if line.ends_with(b"\n") || line.iter().rev().skip(1).any(|byte| matches!(byte, b'\r' | b'\n')) {
            return Err(V1_MALFORMED);
        }
        let missing = if line.ends_with(b"\r") { 1 } else { 2 };
        if line.len() + missing > V1_MAX {
            return Err(ProxyProtocolError::Malformed("a line of more than 107 bytes"));
        }
        let (more, _) = more.split_at_mut(missing);
        stream.read_exact(more).await?;
        line.extend_from_slice(more);
    }
    parse_v1(&line)
}

fn parse_v1(line: &[u8]) -> Result<Option<SocketAddr>, ProxyProtocolError> {
    let line = line.strip_suffix(b"\r\n").and_then(|line| str::from_utf8(line).ok()).ok_or(V1_MALFORMED)?;
    let rest = line.strip_prefix("PROXY ").filter(|rest| !rest.contains(['\r', '\n'])).ok_or(V1_MALFORMED)?;
    let (family, addresses) = rest.split_once(' ').unwrap_or((rest, ""));
    let client = match family {
        // What follows is to be ignored (§2.1).
        "UNKNOWN" => return Ok(None),
        "TCP4" => parse_v1_addresses::<Ipv4Addr>(addresses),
        "TCP6" => parse_v1_addresses::<Ipv6Addr>(addresses),
        _ => None,
    };
    client.map(Some).ok_or(V1_MALFORMED)
}

/// Returns the client's address, if addresses and ports of both ends are there and valid.
fn parse_v1_addresses<A: FromStr + Into<IpAddr>>(text: &str) -> Option<SocketAddr> {
    let mut words = text.split(' ');
    let client: A = words.next()?.parse().ok()?;
    let _server: A = words.next()?.parse().ok()?;
    let port = parse_port(words.next()?)?;
    let _server_port = parse_port(words.next()?)?;
    words.next().is_none().then(|| SocketAddr::new(client.into(), port))
}

fn parse_port(text: &str) -> Option<u16> {
    let is_canonical = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
    text.parse().ok().filter(|_| is_canonical)
}

/// Family of an address block of version 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    V4,
    V6,
    /// None, or one without IP addresses.
    Other,
}

impl Family {
    /// Bytes of both addresses and ports.
    const fn len(self) -> usize {
        match self {
            Self::V4 => 12,
            Self::V6 => 36,
            Self::Other => 0,
        }
    }
}

/// Reads the rest of version 2. Fields behind the addresses are passed over.
async fn read_v2<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Option<SocketAddr>, ProxyProtocolError> {
    let mut fixed = [0; V2_FIXED];
    stream.read_exact(&mut fixed).await?;
    let (family, len) = parse_v2_fixed(fixed)?;
    let mut block = [0; Family::V6.len()];
    let (addresses, _) = block.split_at_mut(family.len());
    stream.read_exact(addresses).await?;
    let rest = (len - addresses.len()) as u64;
    if tokio::io::copy(&mut stream.take(rest), &mut tokio::io::sink()).await? != rest {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(parse_v2_addresses(addresses))
}

/// Returns the family of the addresses to be used, and the number of bytes that follow, which are enough for them.
fn parse_v2_fixed([command, family, high, low]: [u8; 4]) -> Result<(Family, usize), ProxyProtocolError> {
    let is_local = match command {
        0x20 => true,
        0x21 => false,
        _ => return Err(ProxyProtocolError::Malformed("a version or command of version 2 that is unknown")),
    };
    let family = match family {
        0x11 if !is_local => Family::V4,
        0x21 if !is_local => Family::V6,
        // Datagrams and Unix sockets are valid, and name no client of a TCP connection.
        0x00 | 0x11 | 0x12 | 0x21 | 0x22 | 0x31 | 0x32 => Family::Other,
        // Receivers of `LOCAL` have to ignore the rest (§2.2).
        _ if is_local => Family::Other,
        _ => return Err(ProxyProtocolError::Malformed("a family of version 2 that is unknown")),
    };
    let len = usize::from(u16::from_be_bytes([high, low]));
    if len < family.len() {
        return Err(ProxyProtocolError::Malformed("addresses of version 2 that are incomplete"));
    }
    Ok((family, len))
}

fn parse_v2_addresses(block: &[u8]) -> Option<SocketAddr> {
    fn split<const N: usize>(block: &[u8]) -> Option<([u8; N], u16)> {
        let (client, rest) = block.split_first_chunk::<N>()?;
        let (_server, ports) = rest.split_first_chunk::<N>()?;
        Some((*client, u16::from_be_bytes(*ports.first_chunk::<2>()?)))
    }
    if block.len() == Family::V4.len() {
        split::<4>(block).map(|(client, port)| (client, port).into())
    } else {
        split::<16>(block).map(|(client, port)| (client, port).into())
    }
}

/// A trusted proxy sent no valid header of the PROXY protocol.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProxyProtocolError {
    /// The connection failed or ended within the header.
    Io(io::Error),
    /// The connection does not begin as either version does.
    Signature,
    /// The header is not valid: what was found.
    Malformed(&'static str),
    /// The header was not complete in time.
    Timeout,
}

impl From<io::Error> for ProxyProtocolError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for ProxyProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the header of the PROXY protocol is incomplete: {error}"),
            Self::Signature => f.write_str(
                "expected a header of the PROXY protocol: configure the trusted proxy to send it, or do not trust it",
            ),
            Self::Malformed(found) => write!(f, "expected a header of the PROXY protocol, found {found}"),
            Self::Timeout => f.write_str("the header of the PROXY protocol was not complete in time"),
        }
    }
}

impl Error for ProxyProtocolError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Signature | Self::Malformed(_) | Self::Timeout => None,
        }
    }
}
