# Programs that only print something: versions, keys, environments.
# needs: ssh-keygen ssh openssl curl env id date uname
ssh -V
ssh-keygen -q -t ed25519 -N '' -f key && ssh-keygen -y -f key | cut -d' ' -f1
openssl version
echo text | openssl enc -aes-128-cbc -K 00112233445566778899aabbccddeeff -iv 00112233445566778899aabbccddeeff | openssl sha256
curl --version | head -n 1
curl -s file:///etc/hostname > /dev/null; echo "curl: $?"
curl -sS http://127.0.0.1:1/; echo "curl: $?"
env -i /bin/echo no environment
env | grep -v -e ^LD_PRELOAD= -e ^_= | sort
date -u -d @0; id -u; uname -s
nproc --all > /dev/null; echo "nproc: $?"
script -qec 'tty > /dev/null && echo a terminal' /dev/null < /dev/null | tr -d '\r'
setsid -w sh -c 'echo own session; exit 6'; echo "setsid: $?"
nice -n 5 nohup sh -c 'echo nice' 2>/dev/null
flock lock -c 'echo locked'
mktemp -u XXXX | wc -c
getent hosts localhost > /dev/null; echo "getent: $?"
echo end of script
