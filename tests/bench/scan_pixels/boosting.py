"""Boosted shallow trees in plain numpy, from a table of features to JSON."""

import numpy as np

BINS = 32


def fitted(table, labels, weights, *, rounds=90, depth=3, rate=0.15, penalty=4.0, seed=1):
    """Trees whose summed leaves are the log odds; each tree is [feature, threshold, less, more]."""
    rng = np.random.default_rng(seed)
    edges = [
        np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1])) for column in table.T
    ]
    codes = np.stack(
        [np.searchsorted(e, c, side="left") for e, c in zip(edges, table.T, strict=True)], 1
    )
    start = float(np.log((weights * labels).sum() / (weights * (1 - labels)).sum()))
    odds, trees = np.full(len(labels), start), []
    for _ in range(rounds):
        chance = 1 / (1 + np.exp(-odds))
        pull, force = weights * (labels - chance), weights * chance * (1 - chance)
        columns = rng.choice(table.shape[1], max(4, table.shape[1] // 2), replace=False)
        rows = rng.random(len(labels)) < 0.8
        tree = _grown(
            codes,
            edges,
            pull * rows,
            force * rows,
            np.arange(len(labels)),
            columns,
            depth,
            rate,
            penalty,
        )
        trees.append(tree)
        odds = odds + answers([tree], table)
    return start, trees


def answers(trees, table):
    """The summed leaves of trees for each row."""
    total = np.zeros(len(table))
    for tree in trees:
        _walk(tree, table, np.arange(len(table)), total)
    return total


def _walk(node, table, rows, total):
    if not isinstance(node, list):
        total[rows] += node
        return
    feature, threshold, less, more = node
    is_less = table[rows, feature] <= threshold
    _walk(less, table, rows[is_less], total)
    _walk(more, table, rows[~is_less], total)


def _grown(codes, edges, pull, force, rows, columns, depth, rate, penalty):
    leaf = float(np.round(rate * pull[rows].sum() / (force[rows].sum() + penalty), 4))
    if depth == 0 or len(rows) < 20:
        return leaf
    best = (0.5, None)
    total_pull, total_force = pull[rows].sum(), force[rows].sum()
    own = total_pull**2 / (total_force + penalty)
    for column in columns:
        found = codes[rows, column]
        pulls = np.bincount(found, pull[rows], BINS)[:-1].cumsum()
        forces = np.bincount(found, force[rows], BINS)[:-1].cumsum()
        gains = (
            pulls**2 / (forces + penalty)
            + (total_pull - pulls) ** 2 / (total_force - forces + penalty)
            - own
        )
        gains[(forces < 1) | (total_force - forces < 1)] = 0
        at = int(gains[: len(edges[column])].argmax()) if len(edges[column]) else 0
        if len(edges[column]) and gains[at] > best[0]:
            best = (gains[at], (int(column), at))
    if best[1] is None:
        return leaf
    column, at = best[1]
    is_less = codes[rows, column] <= at
    sides = [
        _grown(codes, edges, pull, force, rows[side], columns, depth - 1, rate, penalty)
        for side in (is_less, ~is_less)
    ]
    return [column, float(f"{edges[column][at]:.5g}"), *sides]
