import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net';
import { SourceRefusedError } from '../errors.js';

/** Finds all addresses of a name, as `dns.lookup` with `all` does. */
export type Resolve = (
  host: string,
  options: { readonly all: true },
  found: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Nothing that a spec names may make the worker talk to the networks that the worker stands in. */
export class AddressRefused extends Error {
  constructor(host: string, address: string) {
    super(`${host === address ? host : `${host}, which is ${address},`} is no public address`);
    this.name = 'AddressRefused';
  }
}

/**
 * Decides which addresses may be connected to: public ones, and what the worker allows.
 */
export class AddressGuard {
  readonly #hosts = new Set<string>();
  readonly #ranges = new BlockList();
  readonly #resolve: Resolve;

  /**
   * @param allow hosts, addresses and ranges (`10.1.0.0/16`, `fd00::/8`) that may be connected to though they are not public
   * @throws {SourceRefusedError} for an entry that is none of the three
   */
  constructor(allow: readonly string[] = [], resolve: Resolve = systemLookup) {
    this.#resolve = resolve;
    for (const entry of allow) this.#allow(entry);
  }

  /**
   * Looks at a host that is an address itself; those never come to {@link lookup}.
   *
   * @param host as `URL` gives it, which has read 0x7f000001, 2130706433 and 0177.0.0.1 as 127.0.0.1 already
   * @throws {AddressRefused}
   */
  check(host: string): void {
    const bare = host.replaceAll(/^\[|\]$/g, '');
    if (isIP(bare) !== 0 && !this.#permits(bare)) throw new AddressRefused(host, host);
  }

  /**
   * For the `lookup` of a request: the connection is made to the very addresses that were looked at here, so a name
   * gains nothing by being public now and private a moment later.
   */
  readonly lookup: LookupFunction = (host, options, done) => {
    this.#resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, []);
      const permitted = this.#hosts.has(bareHost(host)) ? addresses : addresses.filter((a) => this.#permits(a.address));
      const [first] = permitted;
      if (!first) return done(new AddressRefused(host, addresses[0]?.address ?? 'nowhere'), []);
      if (options.all) done(null, permitted);
      else done(null, first.address, first.family);
    });
  };

  #permits(address: string): boolean {
    return isPublic(address) || this.#ranges.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  }

  #allow(entry: string): void {
    const [address = '', bits, ...more] = entry.split('/');
    const family = isIP(address);
    const type = family === 4 ? 'ipv4' : 'ipv6';
    const length = /^\d{1,3}$/.test(bits ?? '') ? Number(bits) : Number.NaN;
    if (family !== 0 && bits === undefined) this.#ranges.addAddress(address, type);
    else if (family !== 0 && more.length === 0 && length <= (family === 4 ? 32 : 128)) {
      this.#ranges.addSubnet(address, length, type);
    } else if (bits === undefined && /^(?=.*[a-z])[a-z0-9_.-]+$/i.test(entry)) this.#hosts.add(bareHost(entry));
    else {
      throw new SourceRefusedError(
        `Cannot read "${entry}" in what http sources may connect to: want a host, an address or a range`,
        { fix: 'Correct PERENNIAL_HTTP_ALLOW; for example files.internal,10.1.0.0/16.' },
      );
    }
  }
}

function bareHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

function isPublic(address: string): boolean {
  return isIPv4(address)
    ? !NOT_PUBLIC_4.check(address, 'ipv4')
    : GLOBAL_6.check(address, 'ipv6') && !NOT_PUBLIC_6.check(address, 'ipv6');
}

// Two lists, because an IPv4 address also matches the IPv6 ranges that stand for it. The registries of special addresses
// of IANA, with multicast and what is reserved.
const NOT_PUBLIC_4 = rangesOf('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]);
/** All that is given out for the public network; outside of it lie loopback, link-local, local, mapped and NAT64. */
const GLOBAL_6 = rangesOf('ipv6', ['2000::/3']);
const NOT_PUBLIC_6 = rangesOf('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

function rangesOf(type: 'ipv4' | 'ipv6', ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    list.addSubnet(address, Number(bits), type);
  }
  return list;
}
