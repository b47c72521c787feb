def count(context):
    context.count = context.count + 1 if "count" in context else 1
