def before_all(context):
    context.seen = []


def before_tag(context, tag):
    context.seen.append(str(tag))


def after_tag(context, tag):
    context.seen.remove(tag)


def after_all(context):
    assert context.seen == []
