//! Server for the remoting samples of BlazeDS, whose clients need no change except the name of the host.
//!
//! The names of the services replace `remoting-config.xml`, and [`app`] replaces `services-config.xml`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use amf_remoting::flex::Flex;
use amf_remoting::gateway::Extracted;
use amf_remoting::service::{Authenticator, Credentials, Principal};
use amf_remoting::{
    AmfObject, ArrayCollection, Caller, Fault, FromCaller, Gateway, Services, remoting_service,
};
use axum::Router;
use axum::http::{HeaderValue, Method, header};
use axum::routing::get;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

/// `flex.samples.product.Product`, with the members and names of the Java class.
#[derive(AmfObject, Clone, Default)]
#[amf(alias = "flex.samples.product.Product")]
struct Product {
    #[amf(rename = "productId")]
    id: i32,
    name: Option<String>,
    description: Option<String>,
    image: Option<String>,
    category: Option<String>,
    price: f64,
    qty_in_stock: i32,
}

/// `flex.samples.product.ProductService`, with a map instead of the database.
struct ProductService {
    products: Mutex<BTreeMap<i32, Product>>,
}

/// `<destination id="product">`. BlazeDS sends a `java.util.List` as an `ArrayCollection`.
#[remoting_service(name = "product")]
impl ProductService {
    fn get_products(&self) -> ArrayCollection<Product> {
        self.named("")
    }

    fn get_products_by_name(&self, name: String) -> ArrayCollection<Product> {
        self.named(&name)
    }

    /// Returns the product of this id, or an empty product if there is none, as the sample does.
    fn get_product(&self, product_id: i32) -> Product {
        self.products().get(&product_id).cloned().unwrap_or_default()
    }

    fn create(&self, product: Product) -> Product {
        let mut products = self.products();
        let id = products.last_key_value().map_or(1, |(last, _)| last + 1);
        let product = Product { id, ..product };
        products.insert(id, product.clone());
        product
    }

    fn update(&self, product: Product) -> bool {
        self.products().get_mut(&product.id).map(|known| *known = product).is_some()
    }

    fn remove(&self, product: Product) -> bool {
        self.products().remove(&product.id).is_some()
    }
}

impl ProductService {
    fn open() -> Self {
        let rows =
            [("Nokia 6010", "6000", 99.0, 21), ("Nokia 3100", "3000", 139.0, 4), ("Treo", "9000", 199.5, 0)];
        let products = rows.into_iter().zip(1..).map(|((name, category, price, qty_in_stock), id)| {
            let (name, category) = (Some(name.into()), Some(category.into()));
            (id, Product { id, name, category, price, qty_in_stock, ..Product::default() })
        });
        Self { products: Mutex::new(products.collect()) }
    }

    fn products(&self) -> MutexGuard<'_, BTreeMap<i32, Product>> {
        self.products.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn named(&self, part: &str) -> ArrayCollection<Product> {
        let part = part.to_lowercase();
        let has_it =
            |product: &&Product| product.name.as_deref().unwrap_or_default().to_lowercase().contains(&part);
        let mut found: Vec<_> = self.products().values().filter(has_it).cloned().collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        ArrayCollection(found)
    }
}

/// Fault with the text of the Java exception, which begins with its class. The code is that of every Java exception.
#[derive(Fault)]
enum ChatRoomError {
    #[fault(code = "Server.Processing", message = "java.lang.RuntimeException : Room already exists")]
    RoomAlreadyExists,
}

/// `flex.samples.runtimeconfig.ChatRoomService`. One instance serves all clients, as with `<scope>application</scope>`.
#[derive(Default)]
struct ChatRoomService {
    rooms: Mutex<Vec<String>>,
}

/// `<destination id="chat-room-service">`.
#[remoting_service(name = "chat-room-service")]
impl ChatRoomService {
    fn get_room_list(&self) -> ArrayCollection<String> {
        ArrayCollection(self.rooms().clone())
    }

    fn room_exists(&self, id: String) -> bool {
        self.rooms().contains(&id)
    }

    /// `<security-constraint ref="sample-users"/>` with `<role>sampleusers</role>`.
    #[remote(role = "sampleusers")]
    fn create_room(&self, id: String) -> Result<(), ChatRoomError> {
        let mut rooms = self.rooms();
        if rooms.contains(&id) {
            return Err(ChatRoomError::RoomAlreadyExists);
        }
        rooms.push(id);
        Ok(())
    }
}

impl ChatRoomService {
    fn rooms(&self) -> MutexGuard<'_, Vec<String>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Authenticator in place of `TomcatLoginCommand` and Tomcat's users. A login lasts as long as its session.
struct Users;

/// Key of the session entry that holds the name of the logged-in user.
const USER: &str = "user";

impl Users {
    /// Returns the user of this name. A real program queries its database.
    fn find(name: &str) -> Option<Principal> {
        match name {
            "sampleuser" => Some(Principal::new(name).with_role("sampleusers")),
            "guest" => Some(Principal::new(name)),
            _ => None,
        }
    }
}

impl Authenticator for Users {
    /// Handles `channelSet.login(…)` and `remoteObject.setCredentials(…)`.
    async fn authenticate(
        &self,
        credentials: &Credentials,
        caller: &Caller,
    ) -> Result<Option<Principal>, Fault> {
        // A real program compares password hashes.
        let principal = Self::find(credentials.user()).filter(|_| credentials.password() == "samplepassword");
        if let Some(principal) = &principal {
            let session = Extracted::<Session>::from_caller(caller).await?;
            // A new id on every login prevents session fixation.
            session.cycle_id().await.map_err(Fault::internal)?;
            session.insert(USER, principal.name()).await.map_err(Fault::internal)?;
        }
        Ok(principal)
    }

    async fn authenticate_session(&self, caller: &Caller) -> Result<Option<Principal>, Fault> {
        let session = Extracted::<Session>::from_caller(caller).await?;
        let name: Option<String> = session.get(USER).await.map_err(Fault::internal)?;
        Ok(name.and_then(|name| Self::find(&name)))
    }

    /// Handles `channelSet.logout()`.
    async fn end_session(&self, caller: &Caller) -> Result<(), Fault> {
        let session = Extracted::<Session>::from_caller(caller).await?;
        session.flush().await.map_err(Fault::internal)
    }
}

/// Policy file that Flash Player requests before a movie from another host may call the gateway.
const CROSSDOMAIN: &str = r#"<?xml version="1.0"?>
<cross-domain-policy>
  <allow-access-from domain="*.example.com"/>
  <allow-http-request-headers-from domain="*.example.com" headers="Content-Type"/>
</cross-domain-policy>
"#;

/// Returns the router of the samples, with one endpoint at the addresses of the channels `my-amf` and `my-polling-amf`.
///
/// `pages` are the origins of web pages on other hosts, with Apache Royale or Ruffle, that may call the gateway.
pub fn app(pages: impl IntoIterator<Item = HeaderValue>) -> Router {
    let services =
        Services::new().authenticator(Users).add(ProductService::open()).add(ChatRoomService::default());
    let gateway = Gateway::new(services).flex(Flex::new());
    // Over https, omit `with_secure(false)`, so that the cookie is sent over https only.
    let sessions =
        SessionManagerLayer::new(MemoryStore::default()).with_secure(false).with_name("JSESSIONID");
    let policy = || async { ([(header::CONTENT_TYPE, "text/x-cross-domain-policy")], CROSSDOMAIN) };
    Router::new()
        .merge(gateway.clone().into_router("/samples/messagebroker/amf"))
        .merge(gateway.into_router("/samples/messagebroker/amfpolling"))
        .layer(sessions)
        .layer(cross_origin(pages))
        .route("/crossdomain.xml", get(policy))
}

/// Returns the CORS layer that lets pages of the listed origins call the gateway with cookies.
fn cross_origin(pages: impl IntoIterator<Item = HeaderValue>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(pages))
        .allow_methods([Method::POST])
        .allow_headers([header::CONTENT_TYPE])
        .allow_credentials(true)
}
