//! Prints the bytes of an AMF capture with what each of them is.

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use amf_remoting::amf_core::dump::{Dump, Kind};

const HELP: &str = "\
Prints the bytes of an AMF capture: offsets, bytes, what they are, and which places they take in the
tables of references.

Usage: dump [OPTIONS] FILE

  dump request.bin
  dump save.sol
  echo '0a 0b 01 03 61 04 01 01' | dump --hex --as amf3 -

  FILE         the bytes, or - for standard input
  --as KIND    packet, amf0, amf3 or sol; without it, guessed from the bytes
  --hex        FILE is text in hex; spaces, colons, commas and 0x between the bytes do not matter
  --help       this text

It ends with 1 if something is wrong with the bytes; what could be read of them is printed all the same.
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
    /// Nothing where only help is wanted.
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

/// Whether nothing is wrong with the bytes.
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
        // Whoever reads has seen enough, as `head` does.
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
