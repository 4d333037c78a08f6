-- People name an order by the last digits of its id.
create index order_list_ending on orderhub.order_list (right(order_id::text, 4));
