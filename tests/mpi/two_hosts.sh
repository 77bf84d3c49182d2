#!/bin/sh
# two_hosts.sh: runs an MPI program with a rank on each of two hosts, which are network namespaces
# with a cable between them: nothing but TCP over that cable connects the ranks.
#
#   two_hosts.sh <mpirun of Open MPI> <options of it or program> [<argument>...]
#
# Exit code 77: this machine does not allow it, and why is said.

skip() {
    echo "skipped: $1"
    exit 77
}

mpirun=$1
shift
"$mpirun" --version 2>/dev/null | grep -qE "Open MPI|OpenRTE" || skip "only Open MPI takes another remote shell"
[ "$(id -u)" = 0 ] || skip "only root may make network namespaces"
command -v ip >/dev/null || skip "no ip (iproute2)"

one=weft-one-$$ two=weft-two-$$
work=$(mktemp -d)
clean_up() {
    ip netns del "$one" 2>/dev/null
    ip netns del "$two" 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' TERM INT

ip netns add "$one" 2>"$work/why" && ip netns add "$two" 2>"$work/why" || skip "$(cat "$work/why")"
ip link add "weft-a$$" netns "$one" type veth peer name "weft-b$$" netns "$two" 2>"$work/why" ||
    skip "$(cat "$work/why")"
ip -n "$one" addr add 10.87.0.1/24 dev "weft-a$$"
ip -n "$two" addr add 10.87.0.2/24 dev "weft-b$$"
for host in "$one" "$two"; do ip -n "$host" link set lo up; done
ip -n "$one" link set "weft-a$$" up
ip -n "$two" link set "weft-b$$" up

# What mpirun starts its daemon on the other host with, in place of ssh.
cat >"$work/shell" <<END
#!/bin/sh
shift
exec ip netns exec $two unshare --uts sh -c 'hostname weft-two; exec "\$0" "\$@"' sh -c "\$*"
END
chmod +x "$work/shell"

ip netns exec "$one" unshare --uts sh -c 'hostname weft-one; exec "$0" "$@"' \
    "$mpirun" --host 10.87.0.1,10.87.0.2 -n 2 --map-by node --mca plm_rsh_agent "$work/shell" \
    --mca osc "${WEFT_TEST_OSC:-sm,rdma,pt2pt}" --mca btl tcp,self --mca btl_tcp_if_include 10.87.0.0/24 --mca oob_tcp_if_include 10.87.0.0/24 \
    "$@"
code=$?
moved=$(ip -n "$one" -s link show "weft-a$$" | awk '/RX:/ { getline; print $1 }')
echo "bytes received over the cable: $moved"
exit $code
