// Loaded before configurable-http-proxy: keeps its connections to Unix sockets open.
//
// Without an agent it asks the lab to close after each answer. Node ends a request that has a
// body with an empty write; on a Unix socket that the other side has closed by then, it fails with
// EPIPE (nodejs/node#40553), and a save that had succeeded would be answered 503.
import http from "node:http";
import { ConfigurableProxy } from "configurable-http-proxy";

const agent = new http.Agent({ keepAlive: true });
const choose = ConfigurableProxy.prototype.proxyOptsForTarget;

ConfigurableProxy.prototype.proxyOptsForTarget = function (target) {
  const options = choose.call(this, target);
  return options.target.socketPath ? { ...options, agent } : options;
};
