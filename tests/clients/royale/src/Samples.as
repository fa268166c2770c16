package {
/** Makes the calls of BlazeDS's samples, where `window.visit` has `samples`: inventory, chat rooms, a login. */
public class Samples extends Visit {
    override protected function allSteps():Array {
        var product:Product = new Product();
        product.name = "Moto 9";
        product.price = 12.5;
        return [
            step("products", "product", "getProducts", []),
            step("named", "product", "getProductsByName", ["nok"]),
            step("one", "product", "getProduct", [1]),
            step("none", "product", "getProduct", [99]),
            step("created", "product", "create", [product]),
            step("updated", "product", "update", [changed]),
            step("changed", "product", "getProduct", [4]),
            step("removed", "product", "remove", [kept]),
            step("removedAgain", "product", "remove", [kept], "flex.samples.product.ProductService"),
            step("noMethod", "product", "open", []),
            step("noDestination", "productService", "getProducts", []),
            step("rooms", "chat-room-service", "getRoomList", []),
            step("stranger", "chat-room-service", "createRoom", ["attic"]),
            login("wrongLogin", "sampleuser", "wrong"),
            login("guestLogin", "guest", "samplepassword"),
            step("guest", "chat-room-service", "createRoom", ["attic"]),
            logout("guestLogout"),
            login("login", "sampleuser", "samplepassword"),
            step("room", "chat-room-service", "createRoom", ["attic"]),
            step("roomAgain", "chat-room-service", "createRoom", ["attic"]),
            step("roomsAfter", "chat-room-service", "getRoomList", []),
            logout("logout"),
            step("strangerAgain", "chat-room-service", "createRoom", ["cellar"])
        ];
    }

    /** The product that was created, which came back as an instance of its class. */
    private var product:Product;

    private function changed():Product {
        product = last as Product;
        product.price = 13.5;
        return product;
    }

    private function kept():Product {
        return product;
    }

    override protected function described(value:*):* {
        if (!(value is Product)) return super.described(value);
        return {"$class": "Product", "productId": value.productId, "name": value.name, "category": value.category,
            "price": value.price, "qtyInStock": value.qtyInStock};
    }
}
}
