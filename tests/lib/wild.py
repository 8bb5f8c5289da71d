"""Changes at random that code makes to the tree in the current folder: a text of Python, to be run
inside. `wild(random, rounds, mark, folders)`; folders: whether those may be renamed, too."""
CODE = r"""
import os, random, shutil, sys
def wild(r, rounds, mark, folders):
    for n in range(rounds):
        d = '/'.join(r.choice('pqr') for _ in range(r.randint(0, 2)))
        path = os.path.join(d, r.choice('abcdpqr'))
        other = os.path.join(d, r.choice('abcdpqr'))
        try:
            [lambda: open(path, 'w').write(f'{mark} {n}'),
             lambda: open(path, 'a').write(f'+{n}'),
             lambda: os.unlink(path),
             lambda: os.makedirs(path),
             lambda: shutil.rmtree(path),
             lambda: (shutil.rmtree(path), os.mkdir(path)),
             lambda: (shutil.rmtree(path), open(path, 'w').write('was a folder')),
             lambda: os.symlink(other, path),
             lambda: os.chmod(path, r.choice([0o755, 0o700])),
             lambda: (not folders and os.path.isdir(path)) or os.rename(path, other),
             ][r.randrange(10)]()
        except OSError:
            pass
"""
