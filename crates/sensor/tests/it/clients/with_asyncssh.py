"""Drives the decoy with AsyncSSH; tells what it met, one line each."""
import asyncio
import os
import sys

import asyncssh

port, folder, scenario = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def tell(name, value):
    print(name, repr(value), flush=True)


def connect(password="root", **options):
    return asyncssh.connect("127.0.0.1", port, username="root", password=password, config=None,
                            known_hosts=None, client_keys=None, agent_path=None, **options)


async def run(client):
    done = await client.run("uname; ls /nothere", encoding=None)
    tell("stdout", done.stdout)
    tell("stderr", done.stderr)
    tell("status", done.exit_status)


async def main():
    if scenario == "refused":
        try:
            await connect("wrong")
        except asyncssh.PermissionDenied as error:
            tell("refused", error.reason)
    elif scenario == "runs":
        options = {"compression_algs": ["zlib@openssh.com"]} if len(sys.argv) > 4 else {}
        async with connect(**options) as client:
            await run(client)
            tell("cipher", client.get_extra_info("recv_cipher"))
            tell("compression", client.get_extra_info("recv_compression"))
    elif scenario == "types":
        async with connect(keepalive_interval=1) as client:
            shell = await client.create_process(
                term_type="vt220", term_size=(100, 30), env={"LANG": "C"}, encoding=None)
            shell.change_terminal_size(101, 31)
            await asyncio.sleep(1.5)
            shell.stdin.write(b"uname\rexit 4\r")
            done = await shell.wait()
            tell("typed", b"Linux" in done.stdout and b"logout" in done.stdout)
            tell("status", done.exit_status)
    elif scenario == "copies":
        up, down = os.path.join(folder, "up"), os.path.join(folder, "down")
        options = {"rekey_bytes": 1 << 18} if len(sys.argv) > 4 else {}
        async with connect(**options) as client:
            async with client.start_sftp_client() as files:
                await files.put(up, "/root/up")
                async with client.start_sftp_client() as others:
                    await others.get("/root/up", down)
                    tell("size", (await others.stat("/root/up")).size)
                    try:
                        await others.open("/nothere")
                    except asyncssh.SFTPError as error:
                        tell("nothere", error.reason)
            await asyncssh.scp(up, (client, "/root/scp"))
            await asyncssh.scp((client, "/root/scp"), down + ".scp")
            # Another size of window and packet.
            part = await client.run("head -c 200000 /root/up", encoding=None,
                                    window=65_536, max_pktsize=1_024)
            with open(up, "rb") as file:
                tell("head", part.stdout == file.read(200_000))
            await run(client)
    elif scenario == "forwards":
        async with connect() as client:
            try:
                await client.open_connection("127.0.0.1", int(sys.argv[4]))
            except asyncssh.ChannelOpenError as error:
                tell("local", (error.code, error.reason))
            listener = await client.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 1)
            tell("remote", listener.get_port() > 0)


asyncio.run(main())
