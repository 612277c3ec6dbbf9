// Keeps one of Zoom's sample servers on this machine, unchanged: `node --require` reads it first.
//
// It listens on loopback only; what it sends to https://*.zoom.us goes to the sandbox at
// BENCH_ZOOM; Redis by the name of its container is the one here.

'use strict';

const dns = require('node:dns');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function onLoopback(port, ...rest) {
  const where = typeof port === 'object' ? { ...port, host: '127.0.0.1' } : [port, '127.0.0.1'];
  return Array.isArray(where)
    ? listen.call(this, ...where, ...rest)
    : listen.call(this, where, ...rest);
};

const zoom = new URL(process.env.BENCH_ZOOM);
https.request = (options, answered) => {
  const { path, method, headers } = options;
  const { hostname, port } = zoom;
  return http.request({ hostname, port, path, method, headers }, answered);
};

const lookup = dns.lookup;
dns.lookup = (name, ...rest) => lookup(name === 'redis' ? '127.0.0.1' : name, ...rest);
