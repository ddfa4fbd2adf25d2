//! `hardline effective nginx.conf`.

use std::net::IpAddr;
use std::path::Path;

use clap::Args;
use hardline::files::{Disk, Files, Location};
use hardline::platform::nginx::claim;
use hardline::platform::nginx::effective::{Backend, Question, evaluate};
use hardline::platform::nginx::request::Request;
use hardline::platform::nginx::version::Version;
use hardline::project::Trouble;
use hardline::text::DEFAULT_LIMIT;

use super::super::{Failure, Screen};
use super::print;

/// What is asked about a request.
#[derive(Args)]
#[command(next_help_heading = "Requests to nginx")]
pub(super) struct Asked {
    /// What a request for this URL gets; without it every server and location is shown
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The method of the request
    #[arg(long, value_name = "METHOD", default_value = "GET", requires = "url")]
    method: String,
    /// A header of the request, such as 'Cookie: a=b'
    #[arg(long, value_name = "HEADER", value_parser = header, requires = "url")]
    header: Vec<(String, String)>,
    /// How long the body of the request is, in bytes
    #[arg(long, value_name = "BYTES", requires = "url")]
    content_length: Option<u64>,
    /// The address of the client, for rules that go by it
    #[arg(long, value_name = "ADDR", requires = "url")]
    client: Option<IpAddr>,
    /// What an upstream, or a file that is not on this machine, answers
    #[arg(long, value_name = "STATUS", default_value_t = 200, requires = "url")]
    status: u16,
    /// A header of the answer of an upstream
    #[arg(long, value_name = "HEADER", value_parser = header, requires = "url")]
    response_header: Vec<(String, String)>,
    /// The version of nginx, such as 1.29.3 [default: the newest there is a table for]
    #[arg(long, value_name = "VERSION")]
    nginx_version: Option<String>,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("expected NAME: VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// Whether the file is one of nginx's: because the user says so, or asks what only nginx can be asked, or by its looks.
pub(super) fn is_meant(platform: Option<&str>, asked: &Asked, file: &Path) -> bool {
    match platform {
        Some(platform) => platform == "nginx",
        None if asked.url.is_some() || asked.nginx_version.is_some() => true,
        None => {
            let at = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
            let bytes = Disk::whole(DEFAULT_LIMIT).read(&Location::Here(at));
            bytes.is_ok_and(|bytes| claim::form(file, &bytes).is_some())
        }
    }
}

pub(super) fn run(file: &Path, server: Option<&str>, asked: &Asked, screen: &mut Screen) -> Result<u8, Failure> {
    let declared = asked.nginx_version.as_ref().map(|version| format!("nginx:{version}"));
    let version = match declared.as_deref().or(server) {
        Some(declared) => Version::parse(declared).map_err(Trouble::line)?,
        None => Version::newest(),
    };
    let request = asked.url.as_deref().map(|url| asked.request(url)).transpose().map_err(Trouble::line)?;
    let backend = Backend { status: asked.status, headers: asked.response_header.clone() };
    let main = Location::Here(std::path::absolute(file)?);
    let question = Question { version, main, request: request.as_ref(), backend: &backend };
    let answer = evaluate(&question, &Disk::whole(DEFAULT_LIMIT), &std::env::current_dir()?);
    print(&answer, answer.accepted, screen)
}

impl Asked {
    fn request(&self, url: &str) -> Result<Request, String> {
        let mut request = Request::of_url(url)?;
        request.method.clone_from(&self.method);
        (request.content_length, request.client) = (self.content_length, self.client);
        for (name, value) in &self.header {
            match name.eq_ignore_ascii_case("host") {
                true => request.host.clone_from(value),
                false => request.headers.push((name.clone(), value.clone())),
            }
        }
        Ok(request)
    }
}
