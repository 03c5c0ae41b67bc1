"""Drives the decoy with paramiko; tells what it met, one line each."""
import os
import sys
import time

import paramiko

port, folder, scenario = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def tell(name, value):
    print(name, repr(value), flush=True)


def connect(password="root", **options):
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect("127.0.0.1", port, "root", password, allow_agent=False, look_for_keys=False,
                   timeout=20, **options)
    return client


def run(client):
    channel = client.get_transport().open_session()
    channel.exec_command("uname; ls /nothere")
    tell("stdout", channel.makefile("rb").read())
    tell("stderr", channel.makefile_stderr("rb").read())
    tell("status", channel.recv_exit_status())


if scenario == "refused":
    try:
        connect("wrong")
    except paramiko.AuthenticationException as error:
        tell("refused", str(error))
elif scenario == "runs":
    client = connect(compress=len(sys.argv) > 4)
    run(client)
    tell("cipher", client.get_transport().remote_cipher)
    tell("compression", client.get_transport().remote_compression)
    client.close()
elif scenario == "types":
    client = connect()
    client.get_transport().set_keepalive(1)
    channel = client.invoke_shell(term="vt220", width=100, height=30)
    channel.resize_pty(width=101, height=31)
    time.sleep(1.5)
    channel.sendall(b"uname\rexit 4\r")
    output = channel.makefile("rb").read()
    tell("typed", b"Linux" in output and b"logout" in output)
    tell("status", channel.recv_exit_status())
    client.close()
elif scenario == "copies":
    client = connect()
    transport = client.get_transport()
    files = client.open_sftp()
    files.put(os.path.join(folder, "up"), "/root/up")
    # Another session, and a channel of other sizes.
    channel = transport.open_session(window_size=100_000, max_packet_size=4_096)
    channel.invoke_subsystem("sftp")
    others = paramiko.SFTPClient(channel)
    if len(sys.argv) > 4:
        transport.packetizer.REKEY_BYTES = 1 << 18
    others.get("/root/up", os.path.join(folder, "down"))
    files.put(os.path.join(folder, "up"), "/root/again")
    tell("size", others.stat("/root/again").st_size)
    try:
        others.open("/nothere")
    except OSError as error:
        tell("nothere", str(error))
    run(client)
    client.close()
elif scenario == "forwards":
    client = connect()
    transport = client.get_transport()
    try:
        transport.open_channel("direct-tcpip", ("127.0.0.1", int(sys.argv[4])), ("127.0.0.1", 1))
    except paramiko.ChannelException as error:
        tell("local", error.args)
    tell("remote", transport.request_port_forward("127.0.0.1", 0) > 0)
    client.close()
