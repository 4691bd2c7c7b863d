-- request: delivery. Answers 1 when every key it woke has completed since.
return is_complete(request.delivery) and 1 or 0
