//! Calls a method of an AMF server from the terminal, over HTTP or RTMP.

use std::error::Error;
use std::process::ExitCode;

use amf_remoting::client::{ClientLimits, ReplyKind};
use amf_remoting::{CallError, RemotingClient, Value, Version};
use amf_rtmp::NetConnection;
use examples::json;

const HELP: &str = "\
Calls a method of an AMF server, and prints the reply or the fault.

Usage: call [OPTIONS] URL [TARGET [ARGUMENTS AS JSON…]]

  call http://127.0.0.1:8080/gateway lobby.players
  call rtmp://127.0.0.1/lobby lobby.join '\"Ann\"' --listen

  --listen   over RTMP: stay connected and print the calls of the server, until Ctrl-C;
             without TARGET, listen only
  --amf0     encode calls in AMF0; default: AMF3
  --help     print this help
";

/// Maximum number of bytes of a reply over HTTP.
const MAX_REPLY: usize = 64 << 20;

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Options::parse() {
        Ok(Some(options)) => run(options).await,
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
            eprintln!("call: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    url: String,
    target: Option<String>,
    arguments: Vec<Value>,
    listen: bool,
    version: Version,
}

impl Options {
    /// Parses the command line. Returns `None` if the help was requested.
    fn parse() -> Result<Option<Self>, Box<dyn Error>> {
        use lexopt::prelude::*;
        let mut words = Vec::new();
        let (mut listen, mut version) = (false, Version::Amf3);
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("listen") => listen = true,
                Long("amf0") => version = Version::Amf0,
                Short('h') | Long("help") => return Ok(None),
                Value(word) => words.push(word.string()?),
                _ => return Err(argument.unexpected().into()),
            }
        }
        let mut words = words.into_iter();
        let url = words.next().ok_or("expected a URL")?;
        let target = words.next();
        if target.is_none() && !listen {
            return Err("expected a target, such as lobby.players".into());
        }
        let arguments = words.map(|word| argument(&word)).collect::<Result<_, _>>()?;
        Ok(Some(Self { url, target, arguments, listen, version }))
    }
}

fn argument(word: &str) -> Result<Value, String> {
    let json = serde_json::from_str(word)
        .map_err(|error| format!("expected JSON, such as 7 or '\"text\"', got {word}: {error}"))?;
    Ok(json::to_value(&json))
}

/// Performs the call and prints its reply. Returns `true` if the call succeeded, `false` if it returned a fault.
async fn run(options: Options) -> Result<bool, Box<dyn Error>> {
    if options.url.starts_with("rtmp://") {
        over_rtmp(options).await
    } else if options.url.starts_with("http://") {
        over_http(&options).await
    } else {
        Err(format!("expected http://… or rtmp://…, got {}", options.url).into())
    }
}

async fn over_rtmp(options: Options) -> Result<bool, Box<dyn Error>> {
    let connection = NetConnection::builder(&options.url)?
        .encoding(options.version)
        .on_unhandled(|name, arguments| println!("{}{}", name.escape_debug(), in_parentheses(&arguments)))
        .connect()
        .await?;
    let mut went_well = true;
    if let Some(target) = &options.target {
        match connection.call::<Value>(target, options.arguments.as_slice()).await {
            Ok(reply) => println!("{reply:#?}"),
            Err(CallError::Fault(fault)) => {
                println!("fault {fault}");
                went_well = false;
            }
            Err(error) => return Err(error.into()),
        }
    }
    if options.listen {
        tokio::select! {
            () = connection.closed() => eprintln!("call: the server closed the connection"),
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    Ok(went_well)
}

async fn over_http(options: &Options) -> Result<bool, Box<dyn Error>> {
    let Some(target) = &options.target else {
        return Err("expected a target: over HTTP, a server calls its clients only within a reply".into());
    };
    let limits = ClientLimits::new().with_reply_bytes(MAX_REPLY);
    let client = RemotingClient::builder(&options.url)?.version(options.version).limits(limits).build()?;
    let mut batch = client.batch();
    let call = batch.call::<Value>(target, options.arguments.as_slice())?;
    let replies = batch.send().await?;
    let went_well = match replies.get(&call) {
        Ok(reply) => {
            println!("{reply:#?}");
            true
        }
        Err(CallError::Fault(fault)) => {
            println!("fault {fault}");
            false
        }
        Err(error) => return Err(error.into()),
    };
    for message in replies.messages() {
        // A call of the server to the client, sent along with the reply.
        if let ReplyKind::Call(method) = message.kind() {
            println!("{}{}", method.escape_debug(), in_parentheses(&message.value::<Vec<Value>>()?));
        }
    }
    match replies.broken() {
        Some(error) => Err(error.clone().into()),
        None => Ok(went_well),
    }
}

fn in_parentheses(arguments: &[Value]) -> String {
    let arguments: Vec<_> = arguments.iter().map(|argument| format!("{argument:?}")).collect();
    format!("({})", arguments.join(", "))
}
