//! Prints the bytes of an AMF capture with their meaning.

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use amf_remoting::amf_core::dump::{Dump, Kind};

const HELP: &str = "\
Prints the bytes of an AMF capture: the offset, the bytes, their meaning, and their index in the
reference tables.

Usage: dump [OPTIONS] FILE

  dump request.bin
  dump save.sol
  echo '0a 0b 01 03 61 04 01 01' | dump --hex --as amf3 -

  FILE         file to read, or - for standard input
  --as KIND    packet, amf0, amf3 or sol; default: detected from the bytes
  --hex        FILE contains hexadecimal text; whitespace, colons, commas and 0x between bytes are ignored
  --help       print this help

The exit status is 1 if the bytes are malformed. Everything before the first error is printed.
";

fn main() -> ExitCode {
    let done = match Options::parse() {
        Ok(Some(options)) => run(&options),
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => Err(format!("{error}; see --help").into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("dump: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    file: String,
    kind: Option<Kind>,
    hex: bool,
}

impl Options {
    /// Parses the command line. Returns `None` if the help was requested.
    fn parse() -> Result<Option<Self>, Box<dyn Error>> {
        use lexopt::prelude::*;
        let (mut file, mut kind, mut hex) = (None, None, false);
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("as") => kind = Some(self::kind(&parser.value()?.string()?)?),
                Long("hex") => hex = true,
                Short('h') | Long("help") => return Ok(None),
                Value(name) if file.is_none() => file = Some(name.string()?),
                _ => return Err(argument.unexpected().into()),
            }
        }
        let file = file.ok_or("expected a file, or - for standard input")?;
        Ok(Some(Self { file, kind, hex }))
    }
}

fn kind(name: &str) -> Result<Kind, String> {
    match name {
        "packet" => Ok(Kind::Packet),
        "amf0" => Ok(Kind::Amf0),
        "amf3" => Ok(Kind::Amf3),
        "sol" => Ok(Kind::Sol),
        _ => Err(format!("expected packet, amf0, amf3 or sol, got {name}")),
    }
}

/// Prints the dump. Returns `true` if the bytes are well-formed.
fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let mut bytes = read(&options.file).map_err(|error| format!("{}: {error}", options.file))?;
    if options.hex {
        bytes = from_hex(&String::from_utf8_lossy(&bytes))?;
    }
    let dump = match options.kind {
        Some(kind) => Dump::new(kind, &bytes),
        None => Dump::guess(&bytes),
    };
    match print(&dump, bytes.len()) {
        // The reader of the pipe, such as `head`, has ended. This is not an error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        printed => printed?,
    }
    Ok(dump.first_error().is_none())
}

fn print(dump: &Dump<'_>, len: usize) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    writeln!(out, "{}, {len} {}", dump.kind(), if len == 1 { "byte" } else { "bytes" })?;
    write!(out, "{dump}")?;
    out.flush()
}

fn read(file: &str) -> io::Result<Vec<u8>> {
    if file != "-" {
        return fs::read(file);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':'));
    let words = words.map(|word| word.strip_prefix("0x").unwrap_or(word));
    let mut bytes = Vec::new();
    for word in words {
        let (pairs, rest) = word.as_bytes().as_chunks::<2>();
        let pairs = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
        match pairs.collect::<Option<Vec<u8>>>() {
            Some(pairs) if rest.is_empty() => bytes.extend(pairs),
            _ => return Err(format!("expected bytes in hex, such as 0a 0b 01, got {word}")),
        }
    }
    Ok(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}
