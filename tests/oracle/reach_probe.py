"""Starts servers in a network namespace of its own and asks each from every vantage. JSON lines in, JSON lines out.

Run inside a fresh network namespace: `unshare -n python3 reach_probe.py` (`-r` as well for an ordinary user).
A second process with a namespace of its own, joined by a pair of virtual interfaces, is the other host.
In:  {"program", "args", "files": {name: text}, "umask", "tls": folder, "ports": [port, tls_port, socket]}
Out: {"accepted", "listening": ["address:port"], "answers": {vantage: {channel: class}}, "output"}
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import warnings

warnings.simplefilter("ignore")
HERE4, HERE6, THERE4, THERE6 = "10.77.0.2", "fd77::2", "10.77.0.1", "fd77::1"
OWNER, STRANGER = 12001, 12002
CHANNELS = ["plain", "tls_nocert", "tls_cert", "tls_roguecert", "plain_on_tls_port"]


def tls(folder, channel, plain):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    name = {"tls_cert": "client", "tls_roguecert": "rogue"}.get(channel)
    if name:
        context.load_cert_chain(f"{folder}/{name}.crt", f"{folder}/{name}.key")
    return context.wrap_socket(plain)


def talk(connection, patient):
    # A server that turns us away speaks first and hangs up; a question sent then can destroy what it said.
    connection.settimeout(0.1 if patient else 5)
    reply = b""
    if patient:
        try:
            reply = connection.recv(200)
            if not reply:
                return "closed-no-reply"
        except (TimeoutError, ssl.SSLWantReadError):
            pass
    connection.settimeout(5)
    if not reply:
        connection.sendall(b"PING\r\n")
        reply = connection.recv(200)
    if not reply:
        return "closed-no-reply"
    word = reply.split()[0].decode().lstrip("+-")
    return word if word in ("PONG", "NOAUTH", "NOPERM", "DENIED") else reply.decode()


def ask_once(probe, patient):
    address, port, source, channel, folder = probe
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as plain:
        plain.settimeout(5)
        if source:
            plain.bind((source, 0))
        try:
            plain.connect((address, port))
        except OSError:
            return "refused-connect"
        if not channel.startswith("tls"):
            try:
                return talk(plain, patient)
            except ConnectionError:
                return "closed-no-reply"
        try:
            with tls(folder, channel, plain) as secure:
                answer = talk(secure, patient)
                return "tls-error" if answer == "closed-no-reply" else answer
        except (ssl.SSLError, ConnectionError):
            return "tls-error"


def ask(probe):
    answer = ask_once(probe, False)
    if answer in ("closed-no-reply", "tls-error"):
        answer = ask_once(probe, True)
    return answer


def other_host():
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps([ask(probe) for probe in json.loads(line)]), flush=True)


def run(*words):
    subprocess.run(words, check=True)


def join_other_host():
    other = subprocess.Popen(
        ["unshare", "-n", sys.executable, __file__, "other"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    other.stdout.readline()
    there = ["nsenter", "-t", str(other.pid), "-n"]
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there")
    run("ip", "link", "set", "there", "netns", str(other.pid))
    for prefix, name, four, six in (([], "here", HERE4, HERE6), (there, "there", THERE4, THERE6)):
        run(*prefix, "ip", "addr", "add", f"{four}/24", "dev", name)
        run(*prefix, "ip", "addr", "add", f"{six}/64", "dev", name, "nodad")
        run(*prefix, "ip", "link", "set", name, "up")
    return other


def listening():
    found = set()
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        with open(f"/proc/net/{name}") as lines:
            next(lines)
            for line in lines:
                words = line.split()
                if words[3] != "0A":
                    continue
                address, port = words[1].split(":")
                raw = b"".join(bytes.fromhex(address[i : i + 8])[::-1] for i in range(0, len(address), 8))
                text = socket.inet_ntop(family, raw)
                found.add(f"[{text}]:{int(port, 16)}" if ":" in text else f"{text}:{int(port, 16)}")
    return sorted(found)


def ask_socket(path, user, group):
    """Asks the Unix socket as another user, from a process that becomes that user."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        answer = "permission-denied"
        try:
            os.setgroups([])
            os.setresgid(group, group, group)
            os.setresuid(user, user, user)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)
                answer = talk(connection, False)
        except PermissionError:
            pass
        except OSError as error:
            answer = repr(error)
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        return answer.read()


def wait(server, log):
    limit = time.time() + 20
    while time.time() < limit:
        ended = server.poll() is not None
        with open(log, errors="replace") as lines:
            text = lines.read()
        if ended:
            return False, text
        if "eady to accept connections" in text or "Sentinel ID is" in text:
            return True, text
        time.sleep(0.004)
    return None, text


def answers(case, work, other):
    port, tls_port, unix = case["ports"]
    vantages = [
        ("remote4", HERE4, None),
        ("remote6", HERE6, None),
        ("loopback4", "127.0.0.1", None),
        ("loopback6", "::1", None),
        ("loopback4_src127002", "127.0.0.1", "127.0.0.2"),
        ("self4", HERE4, None),
        ("self6", HERE6, None),
    ]
    found = {}
    for vantage, address, source in vantages:
        probes = [
            (address, port if channel == "plain" else tls_port, source, channel, case["tls"])
            for channel in CHANNELS
            if (port if channel == "plain" else tls_port)
        ]
        if vantage.startswith("remote"):
            other.stdin.write(json.dumps(probes) + "\n")
            other.stdin.flush()
            replies = json.loads(other.stdout.readline())
        else:
            replies = [ask(probe) for probe in probes]
        if probes:
            found[vantage] = {probe[3]: reply for probe, reply in zip(probes, replies)}
    path = os.path.join(work, unix) if unix else ""
    if os.path.exists(path) and case["users"]:
        os.chown(path, OWNER, OWNER)
        for vantage, user, group in (
            ("unix_other", STRANGER, STRANGER),
            ("unix_group", STRANGER, OWNER),
            ("unix_owner", OWNER, STRANGER),
        ):
            found[vantage] = {"plain": ask_socket(path, user, group)}
    return found


def serve(case, other):
    work = tempfile.mkdtemp(prefix="hl")
    os.chmod(work, 0o755)
    for name, text in case["files"].items():
        with open(os.path.join(work, name), "w") as file:
            file.write(text)
    log = os.path.join(work, "output")
    with open(log, "w") as output:
        server = subprocess.Popen(
            [case["program"], *case["args"]],
            cwd=work,
            umask=case["umask"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        accepted, text = wait(server, log)
        result = {"accepted": accepted, "output": text[-1500:], "listening": [], "answers": {}}
        if accepted:
            result["listening"] = listening()
            result["answers"] = answers(case, work, other)
        return result
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(work, ignore_errors=True)


def main():
    other = join_other_host()
    try:
        for line in sys.stdin:
            print(json.dumps(serve(json.loads(line), other)), flush=True)
    finally:
        other.stdin.close()
        other.wait()


if __name__ == "__main__":
    other_host() if sys.argv[1:] == ["other"] else main()
