# git: init, add, commit, log, branch, merge, clone, gc, grep.
# needs: git
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_AUTHOR_DATE='2024-01-01T00:00:00Z'
export GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@example.org GIT_COMMITTER_DATE='2024-01-01T00:00:00Z'
export GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
git init -q -b main repo && cd repo || exit 1
for i in $(seq 1 60); do echo "file $i" > "f$i"; done
git add . && git commit -q -m first
git checkout -q -b side && echo side > f1 && git commit -qam side
git checkout -q main && echo main > f2 && git commit -qam main
git merge -q -m merge side
git log --format='%H %s' --graph
git grep -c 'file 1' | sort
# Threads: preload-index, pack-objects, index-pack.
git -c pack.threads=4 gc -q
git clone -q --no-local . ../clone && git -C ../clone rev-parse HEAD
git -C ../clone fsck --full
git -C ../clone -c core.preloadIndex=true status --short
git diff HEAD~1 --stat
git rev-parse no-such-ref
echo "git: $?"
echo end of script
