//! A listener: plain HTTP or TLS, one task a connection, ended when its handle is dropped.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::message::{Request, ResetMark, Response, Site};
use super::record::Note;

/// How a listener speaks TLS.
pub type Tls = Arc<rustls::ServerConfig>;

/// A running listener. Dropping it closes the listener and its connections.
pub struct Served {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Served {
    /// Where it listens; the port is the real one when 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves `site` on `listener`, with TLS if given, in the background. Errors when the listener has no address.
pub fn serve(listener: TcpListener, tls: Option<Tls>, site: Arc<dyn Site>) -> io::Result<Served> {
    let address = listener.local_addr()?;
    let acceptor = tls.map(TlsAcceptor::from);
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => if let Ok((stream, peer)) = accepted {
                    connections.spawn(connection(stream, peer, acceptor.clone(), site.clone()));
                },
                Some(_ended) = connections.join_next(), if !connections.is_empty() => {}
            }
        }
    });
    Ok(Served { address, task })
}

async fn connection(stream: TcpStream, peer: SocketAddr, acceptor: Option<TlsAcceptor>, site: Arc<dyn Site>) {
    let _unimportant = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let wire = Wire { stream, reset: reset.clone() };
    match acceptor {
        None => talk(wire, peer, reset, site, String::new()).await,
        Some(acceptor) => {
            // A handshake that fails is the client's affair: it refuses the certificate or went away.
            let Ok(secure) = acceptor.accept(wire).await else { return };
            let name = secure.get_ref().1.server_name().unwrap_or_default().to_owned();
            talk(secure, peer, reset, site, name).await;
        }
    }
}

async fn talk<S>(stream: S, peer: SocketAddr, reset: Arc<AtomicBool>, site: Arc<dyn Site>, name: String)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (site, reset, name) = (site.clone(), reset.clone(), name.clone());
        async move {
            let response = site.answer(understand(request, peer, &name)).await;
            if response.extensions().get::<ResetMark>().is_some() {
                reset.store(true, Ordering::Relaxed);
                return Err(io::Error::from(io::ErrorKind::ConnectionReset));
            }
            Ok::<Response, io::Error>(response)
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.keep_alive(true).preserve_header_case(false).max_buf_size(1 << 20);
    // A broken connection ends here; the client notices by itself.
    let _ended: Result<(), hyper::Error> =
        http.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

fn understand(request: hyper::Request<Incoming>, peer: SocketAddr, name: &str) -> Request {
    let (parts, body) = request.into_parts();
    let asked = parts
        .uri
        .host()
        .map(str::to_owned)
        .or_else(|| {
            parts.headers.get(hyper::header::HOST).and_then(|host| host.to_str().ok()).map(without_port)
        })
        .unwrap_or_else(|| name.to_owned());
    Request {
        method: parts.method,
        host: asked.to_ascii_lowercase(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        peer,
        note: Note::default(),
        body: body.map_err(io::Error::other).boxed(),
    }
}

fn without_port(host: &str) -> String {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => {
            name.to_owned()
        }
        _ => host.to_owned(),
    }
}

/// A TCP stream that can be closed by a reset instead of an orderly end.
struct Wire {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            let _already_gone = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
