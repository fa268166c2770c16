//! The server side of BlazeDS's samples, as far as they make calls: their clients need no change but the host's name.
//!
//! What was `remoting-config.xml` there is the names of the services here, and `services-config.xml` became [`app`].

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

/// `flex.samples.product.Product`: the members are those of the Java class, in its names.
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

/// `flex.samples.product.ProductService`, with a map in place of the database.
struct ProductService {
    products: Mutex<BTreeMap<i32, Product>>,
}

/// `<destination id="product">`. A `List` of Java arrives at a client of BlazeDS as an `ArrayCollection`.
#[remoting_service(name = "product")]
impl ProductService {
    fn get_products(&self) -> ArrayCollection<Product> {
        self.named("")
    }

    fn get_products_by_name(&self, name: String) -> ArrayCollection<Product> {
        self.named(&name)
    }

    /// An empty product where there is none of this number, as there.
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

/// An exception of Java arrived with its class; this one's code is that of all of them.
#[derive(Fault)]
enum ChatRoomError {
    #[fault(code = "Server.Processing", message = "java.lang.RuntimeException : Room already exists")]
    RoomAlreadyExists,
}

/// `flex.samples.runtimeconfig.ChatRoomService`, of which there was one for all clients (`<scope>application</scope>`),
/// as there is here of every service.
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

/// What `TomcatLoginCommand` and Tomcat's users were. A login lasts as long as its session.
struct Users;

/// What is kept in a session.
const USER: &str = "user";

impl Users {
    /// A program asks its database.
    fn find(name: &str) -> Option<Principal> {
        match name {
            "sampleuser" => Some(Principal::new(name).with_role("sampleusers")),
            "guest" => Some(Principal::new(name)),
            _ => None,
        }
    }
}

impl Authenticator for Users {
    /// `channelSet.login(…)` and `remoteObject.setCredentials(…)`.
    async fn authenticate(
        &self,
        credentials: &Credentials,
        caller: &Caller,
    ) -> Result<Option<Principal>, Fault> {
        // A program compares hashes.
        let principal = Self::find(credentials.user()).filter(|_| credentials.password() == "samplepassword");
        if let Some(principal) = &principal {
            let session = Extracted::<Session>::from_caller(caller).await?;
            // A new id on every login, so that nobody can plant one beforehand.
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

    /// `channelSet.logout()`.
    async fn end_session(&self, caller: &Caller) -> Result<(), Fault> {
        let session = Extracted::<Session>::from_caller(caller).await?;
        session.flush().await.map_err(Fault::internal)
    }
}

/// What Flash Player asks for before a movie of another host may call.
const CROSSDOMAIN: &str = r#"<?xml version="1.0"?>
<cross-domain-policy>
  <allow-access-from domain="*.example.com"/>
  <allow-http-request-headers-from domain="*.example.com" headers="Content-Type"/>
</cross-domain-policy>
"#;

/// The channels `my-amf` and `my-polling-amf` of the samples, as one endpoint under two addresses.
///
/// `pages` are the origins of web pages, of Royale or with Ruffle, that are served elsewhere and call from there.
pub fn app(pages: impl IntoIterator<Item = HeaderValue>) -> Router {
    let services =
        Services::new().authenticator(Users).add(ProductService::open()).add(ChatRoomService::default());
    let gateway = Gateway::new(services).flex(Flex::new());
    // Over https, leave `with_secure` out: then the cookie goes nowhere else.
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

/// What browsers ask for before a page of another origin may call, with its cookies.
fn cross_origin(pages: impl IntoIterator<Item = HeaderValue>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(pages))
        .allow_methods([Method::POST])
        .allow_headers([header::CONTENT_TYPE])
        .allow_credentials(true)
}
