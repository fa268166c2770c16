package {
import mx.collections.ArrayCollection;
import mx.messaging.ChannelSet;
import mx.messaging.channels.AMFChannel;
import mx.messaging.messages.AcknowledgeMessageExt;
import mx.rpc.AbstractOperation;
import mx.rpc.AsyncToken;
import mx.rpc.Responder;
import mx.rpc.events.FaultEvent;
import mx.rpc.events.ResultEvent;
import mx.rpc.remoting.RemoteObject;

/**
 * Visits a gateway with mx:RemoteObject, one step after the other, and leaves what came in `window.reported`: an
 * object of steps, each `{result}` or `{fault: {code, string, detail}}`, `null` where a step was left out.
 *
 * `window.visit` is `{gateway, text, values}`: the URL, and what is sent to be echoed. See also Samples.as.
 */
public class Visit {
    protected var asked:Object = window["visit"];
    /** The result of the last step that had one. */
    protected var last:*;
    private var channels:ChannelSet;
    private var report:Object = {};
    private var steps:Array;

    public function start():void {
        channels = connection();
        steps = allSteps();
        next();
    }

    protected function allSteps():Array {
        var ann:Player = player("Ann", player("Bob", null));
        return [
            step("text", "probe", "echo", [asked["text"]]),
            step("values", "probe", "echo", [asked["values"]]),
            step("date", "probe", "echo", [new Date(86400000.0)]),
            step("nothing", "probe", "nothing", []),
            step("endpoint", "probe", "header", ["DSEndpoint"]),
            step("typed", "probe", "promote", [ann]),
            step("typedArray", "probe", "reverse", [[ann, player("Cid", null)]]),
            step("typedCollection", "probe", "reverse", [new ArrayCollection([ann, player("Cid", null)])]),
            step("untypedService", "zend", "echo", [1], "probe"),
            step("fault", "probe", "fail", ["Game.RoomFull"]),
            step("panic", "probe", "explode", []),
            step("noMethod", "probe", "none", []),
            step("noService", "nobody", "echo", [1]),
            step("tooFew", "probe", "promote", []),
            step("wrongType", "probe", "promote", ["a string"]),
            step("stranger", "probe", "whoami", []),
            login("wrongLogin", "Aladdin", "wrong"),
            login("login", "Aladdin", "open sesame"),
            step("known", "probe", "whoami", []),
            logout("logout"),
            step("strangerAgain", "probe", "whoami", []),
            withCredentials
        ];
    }

    /** A connection of its own, which pings first. */
    private function connection():ChannelSet {
        var channels:ChannelSet = new ChannelSet();
        channels.addChannel(new AMFChannel("gateway", asked["gateway"]));
        return channels;
    }

    private function player(name:String, friend:Player):Player {
        var player:Player = new Player();
        player.name = name;
        player.level = 7;
        player.friend = friend;
        player.joined = new Date(86400000.0);
        return player;
    }

    private function next():void {
        if (steps.length > 0) {
            var step:Function = steps.shift() as Function;
            step();
        } else {
            window["reported"] = JSON.stringify(report);
        }
    }

    /** Arguments that are functions are called for their values when the step comes. */
    protected function step(label:String, destination:String, method:String, args:Array, source:String = null):Function {
        return function():void {
            var operation:AbstractOperation = remote(destination, source).getOperation(method);
            var values:Array = args.map(function(item:*, index:int, array:Array):* {
                return item is Function ? item() : item;
            });
            follow(label, operation.send.apply(operation, values));
        };
    }

    private function remote(destination:String, source:String):RemoteObject {
        var remote:RemoteObject = new RemoteObject(destination);
        if (source) remote.source = source;
        remote.channelSet = channels;
        return remote;
    }

    protected function login(label:String, user:String, password:String):Function {
        return function():void { follow(label, channels.login(user, password)); };
    }

    protected function logout(label:String):Function {
        return function():void { follow(label, channels.logout()); };
    }

    private function withCredentials():void {
        var remote:RemoteObject = this.remote("probe", null);
        remote.setRemoteCredentials("Aladdin", "open sesame");
        follow("withCredentials", remote.getOperation("whoami").send());
    }

    private function follow(label:String, token:AsyncToken):void {
        token.addResponder(new Responder(
            function(event:ResultEvent):void {
                last = event.result;
                var isSmall:Boolean = event.message is AcknowledgeMessageExt;
                report[label] = {"result": described(event.result), "small": isSmall};
                next();
            },
            function(event:FaultEvent):void {
                report[label] = {"fault": {
                    "code": event.fault.faultCode, "string": event.fault.faultString, "detail": event.fault.faultDetail
                }};
                next();
            }));
    }

    /** A value with its class, where JSON would lose that. */
    protected function described(value:*):* {
        if (value is Player) {
            return {"$class": "Player", "name": value.name, "level": value.level,
                "friend": described(value.friend), "joined": described(value.joined)};
        }
        if (value is ArrayCollection) return {"$collection": described((value as ArrayCollection).source)};
        if (value is Date) return {"$date": value.getTime()};
        if (value is Array) return value.map(function(item:*, index:int, array:Array):* { return described(item); });
        return value === undefined ? {"$undefined": true} : value;
    }
}
}
